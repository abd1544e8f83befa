from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.film import read_film
from monai_app.dicom.generated_film import Generator, write_generated_film
from tests.dicom.test_write_film import STUDY

GENERATOR = Generator("maker", "diffusion", "abc")
FILM = np.random.default_rng(0).random((24, 24), np.float32)


def written(film: np.ndarray = FILM) -> bytes:
    return write_generated_film(film, STUDY, GENERATOR, sop_instance_uid="2.25.9")


def test_a_film_says_everywhere_that_it_is_synthetic() -> None:
    film = pydicom.dcmread(io.BytesIO(written()))
    assert list(film.ImageType[:2]) == ["DERIVED", "SECONDARY"] and film.SyntheticData == "YES"
    assert "SYNTHETIC" in film.DerivationDescription and "Not for diagnosis" in film.ImageComments
    equipment = film.ContributingEquipmentSequence[0]
    assert (equipment.Manufacturer, equipment.ManufacturerModelName, equipment.SoftwareVersions) == (
        "maker",
        "diffusion",
        "abc",
    )
    assert equipment.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"


def test_nothing_is_claimed_that_no_detector_measured() -> None:
    film = pydicom.dcmread(io.BytesIO(written()))
    assert "PixelSpacing" not in film and "ImagerPixelSpacing" not in film and film.ViewPosition == ""


def test_an_unknown_age_is_not_written() -> None:
    data = write_generated_film(FILM, STUDY, GENERATOR, sop_instance_uid="2.25.9", age_known=False)
    assert "PatientAge" not in pydicom.dcmread(io.BytesIO(data)) and pydicom.dcmread(io.BytesIO(written())).PatientAge


def test_the_picture_reads_back(tmp_path: Path) -> None:
    (tmp_path / "film.dcm").write_bytes(written())
    np.testing.assert_allclose(read_film(tmp_path / "film.dcm").pixels, FILM, atol=1 / 4000)


def test_the_same_film_gives_the_same_bytes() -> None:
    assert written() == written(FILM.copy())


@pytest.mark.parametrize("value", [1.5, -0.1, np.nan])
def test_pixels_outside_the_grey_scale_are_refused(value: float) -> None:
    with pytest.raises(InputRejected, match="PIXEL_FORMAT"):
        written(np.full((4, 4), value, np.float32))
