"""Source images: headers in the order of the volume, patient aside, nothing else taken along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.series_options import SeriesOptions, Tilt
from monai_app.dicom.source_images import read_source_film, read_source_series
from tests.faults.films import write_film
from tests.faults.series import ct, each, enhanced, tilted_ball, write
from tests.faults.studies import CANARY, NAME, hospital_ct, hospital_film


def test_headers_lie_in_the_order_and_on_the_grid_of_the_volume(tmp_path: Path) -> None:
    files = hospital_ct(tmp_path)
    source, volume = read_source_series(files[::-1]), read_series(files)
    heights = [float(one.ImagePositionPatient[2]) for one in source.headers]
    assert heights == sorted(heights) and source.frames == tuple(range(6))
    assert source.shape == volume.array.shape and np.array_equal(source.affine_ras, volume.affine_ras)


def test_patient_is_aside_and_nothing_else_is_taken_along(tmp_path: Path) -> None:
    source = read_source_series(hospital_ct(tmp_path))
    shown = str(source.headers[0])
    assert NAME not in shown and "PID-1" not in shown and "ACC-1" not in shown and CANARY not in shown
    assert str(source.patient.elements.PatientName) == NAME and CANARY not in str(source.patient.elements)
    assert NAME not in repr(source) and NAME not in repr(source.patient)


def test_identity_does_not_depend_on_the_order_of_the_files(tmp_path: Path) -> None:
    files = hospital_ct(tmp_path)
    assert read_source_series(files).identity == read_source_series(files[::-1]).identity
    assert read_source_series(files).identity != read_source_series(files[1:]).identity


def test_frames_of_a_multi_frame_object_are_named_by_their_place_in_it(tmp_path: Path) -> None:
    order = [3, 0, 5, 1, 4, 2]
    files = write(tmp_path, [enhanced(ct(), order)])
    source = read_source_series(files)
    assert source.frames == tuple(order.index(plane) for plane in range(6)) and len(source.headers) == 1


@pytest.mark.parametrize(
    ("code", "elements"),
    [
        ("NO_FRAME_OF_REFERENCE", {"FrameOfReferenceUID": None}),
        ("NO_UID", {"StudyInstanceUID": ""}),
        ("NO_UID", {"SOPClassUID": None}),
    ],
)
def test_images_that_cannot_be_referred_to_are_refused(tmp_path: Path, code: str, elements: dict[str, object]) -> None:
    files = write(tmp_path, each(ct(), **elements))
    with pytest.raises(InputRejected, match=code):
        read_source_series(files)


def test_series_that_was_repaired_has_no_images_to_refer_to(tmp_path: Path) -> None:
    files = write(tmp_path, tilted_ball(radius_mm=5, tilt_degrees=10)[0])
    with pytest.raises(InputRejected, match="SOURCE_REPAIRED"):
        read_source_series(files, options=SeriesOptions(tilt=Tilt.SHEAR))


def test_several_multi_frame_objects_are_refused(tmp_path: Path) -> None:
    slices = ct()
    files = write(tmp_path, [enhanced(slices[:3]), enhanced(slices[3:])])
    with pytest.raises(InputRejected, match="SOURCE_SPLIT"):
        read_source_series(files)


def test_film_has_no_place_in_the_patient(tmp_path: Path) -> None:
    source = read_source_film(hospital_film(tmp_path / "film"))
    assert source.affine_ras is None and source.shape == (48, 60, 1) and source.modality == "DX"


def test_film_without_uids_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NO_UID"):
        read_source_film(write_film(tmp_path / "film"))
