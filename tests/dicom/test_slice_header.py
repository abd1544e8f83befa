"""One plane's header."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.slice_header import SliceHeader, read_slice_headers
from tests.faults.films import write_film
from tests.faults.series import ct, each, enhanced, mr, write


def header(folder: Path, slices: list[Any]) -> SliceHeader:
    (one,) = read_slice_headers(write(folder, slices[:1])[0])
    return one


def test_header_says_where_the_plane_lies_and_how_it_is_scaled(tmp_path: Path) -> None:
    one = header(tmp_path, ct())
    assert one.size == (8, 10) and one.spacing_mm == (0.75, 0.5) and one.modality == "CT"
    assert np.array_equal(one.position_lps_mm, [-10, -20, 30]) and one.uid and one.series_uid == "2.25.12"
    assert (one.slope, one.intercept, one.units) == (1.0, -1024.0, "HU")
    assert one.technical["AcquisitionNumber"] == "1" and one.technical["ImageType"] == "ORIGINAL\\PRIMARY\\AXIAL"


def test_mr_without_rescale_holds_its_stored_values(tmp_path: Path) -> None:
    one = header(tmp_path, mr())
    assert (one.slope, one.intercept, one.units) == (1.0, 0.0, "")


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"Modality": "US"}, "WRONG_MODALITY"),
        ({"Rows": None}, "NO_PIXELS"),
        ({"PhotometricInterpretation": "RGB"}, "NOT_MONOCHROME"),
        ({"PixelPresentation": "COLOR"}, "NOT_MONOCHROME"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "LOCALIZER"),
        ({"ImagePositionPatient": None}, "NO_GEOMETRY"),
        ({"ImageOrientationPatient": None}, "NO_GEOMETRY"),
        ({"ImageOrientationPatient": [1, 0, 0]}, "NO_GEOMETRY"),
        ({"PixelSpacing": None}, "NO_GEOMETRY"),
        ({"PixelSpacing": [0, 0.5]}, "GEOMETRY_INVALID"),
        ({"RescaleSlope": 0}, "RESCALE_INVALID"),
        ({"RescaleSlope": None}, "RESCALE_INVALID"),
        ({"RescaleSlope": None, "RescaleIntercept": None}, "NO_RESCALE"),
        ({"RescaleType": "Z_EFF"}, "NOT_HU"),
        ({"NumberOfFrames": 60}, "TRUNCATED"),
        ({"NumberOfFrames": 2}, "MULTI_FRAME"),
    ],
)
def test_faults_have_their_codes(tmp_path: Path, elements: dict[str, Any], code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        header(tmp_path, each(ct(), **elements))


def test_a_film_is_no_plane_of_a_volume(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="WRONG_MODALITY"):
        read_slice_headers(write_film(tmp_path / "film.dcm"))


@pytest.mark.parametrize("thickness", [None, "", 0, -2.5])
def test_stated_distances_that_are_none_are_absent(tmp_path: Path, thickness: Any) -> None:
    assert header(tmp_path, each(ct(), SliceThickness=thickness)).thickness_mm is None


def test_each_frame_of_an_enhanced_object_is_a_plane(tmp_path: Path) -> None:
    frames = read_slice_headers(write(tmp_path, [enhanced(ct(), [2, 0, 1])])[0])
    assert [one.position_lps_mm[2] for one in frames] == [35.0, 30.0, 32.5]
    assert [one.frame for one in frames] == [0, 1, 2] and {one.intercept for one in frames} == {-1024.0}
