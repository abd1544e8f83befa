from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.film import read_film
from monai_app.dicom.study import StudyHeader
from monai_app.dicom.write_film import FilmHeader, FilmModality, write_film

STUDY = StudyHeader(
    patient_id="PHANTOM0000001",
    sex="F",
    age_years=40.0,
    taken=datetime(2021, 2, 3, 4, 5, 6),
    study_uid="2.25.1",
    series_uid="2.25.2",
    manufacturer="M",
    model="N",
    institution="I",
    description="D",
)
HEADER = FilmHeader(STUDY, FilmModality.DX, "2.25.4", "PA", False, 12, 0.4, 1800.0)
PIXELS = np.random.default_rng(0).integers(0, 4096, (30, 20)).astype(np.uint16)


def test_pixels_and_attributes_read_back() -> None:
    film = pydicom.dcmread(io.BytesIO(write_film(PIXELS, HEADER)))
    assert np.array_equal(film.pixel_array, PIXELS)
    assert (film.Modality, film.ViewPosition, film.BodyPartExamined) == ("DX", "PA", "CHEST")
    assert [float(value) for value in film.PixelSpacing] == [0.4, 0.4] and film.BitsStored == 12
    assert film.file_meta.TransferSyntaxUID.is_little_endian and film.SOPInstanceUID == "2.25.4"


def test_the_same_film_gives_the_same_bytes() -> None:
    assert write_film(PIXELS, HEADER) == write_film(PIXELS.copy(), HEADER)


@pytest.mark.parametrize("modality", list(FilmModality))
def test_a_monochrome1_twin_is_read_as_the_same_picture(modality: FilmModality, tmp_path: Path) -> None:
    pictures = []
    for inverted, pixels in ((False, PIXELS), (True, (4095 - PIXELS).astype(np.uint16))):
        path = tmp_path / f"{inverted}.dcm"
        path.write_bytes(write_film(pixels, replace(HEADER, modality=modality, monochrome1=inverted)))
        film = read_film(path)
        assert film.inverted is inverted and film.spacing_mm == (0.4, 0.4)
        pictures.append(film.pixels)
    assert pictures[0] == pytest.approx(pictures[1], abs=1e-3)


def test_pixels_beyond_the_bits_are_refused() -> None:
    for bad in (PIXELS + np.uint16(4096), PIXELS.astype(np.float32), PIXELS[None]):
        with pytest.raises(InputRejected, match="PIXEL_FORMAT"):
            write_film(bad, HEADER)
