"""Results of any study are right in the patient, valid and marked (faults.md, rows 17, 18 and 60)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest

from monai_app.dicom.assemble import read_series
from monai_app.dicom.read_segmentation import read_segmentation
from monai_app.dicom.result_object import ResultContext, ResultObject
from monai_app.dicom.results import StudyResults, make_results
from monai_app.dicom.source_images import SourceImages, read_source_series
from monai_app.dicom.volume import Volume, lps_to_ras
from monai_app.dicom.write_segmentation import EmptyFrames, write_segmentation
from monai_app.dicom.write_series import SeriesGeometry
from tests.dicom.validators import dciodvfy_errors, module_faults
from tests.faults import studies

Study = Callable[[Path], tuple[StudyResults, ResultContext]]
Ct = tuple[SourceImages, Volume]
Points = set[tuple[float, ...]]


def points_mm(labels: np.ndarray, affine_ras: np.ndarray) -> dict[int, Points]:
    """Where in the patient each label is, to a tenth of a millimetre."""
    return {
        label: {tuple(point) for point in np.round(index @ affine_ras[:3, :3].T + affine_ras[:3, 3], 1) + 0.0}
        for label in (1, 2)
        if len(index := np.argwhere(labels == label))
    }


def in_highdicom(result: ResultObject) -> dict[int, Points]:
    """The same, read by highdicom from the file."""
    whole = highdicom.seg.Segmentation.from_dataset(studies.written(result.data))
    volume = whole.get_volume(combine_segments=True)
    return points_mm(np.asarray(volume.array), lps_to_ras(volume.affine))


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return studies.hospital_ct(tmp_path_factory.mktemp("ct"))


@pytest.fixture(scope="module")
def read(series: list[Path]) -> Ct:
    """The source, and labels on it."""
    return read_source_series(series), studies.labels_on(read_series(series))


@pytest.mark.parametrize(("order", "signs"), studies.WAYS, ids=str)
def test_row_17_labels_of_any_axes_make_the_same_mask(
    read: Ct, tmp_path: Path, order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    source, labels = read
    given = studies.turned(labels, order, signs)
    assert points_mm(given.array, given.affine_ras) == points_mm(labels.array, labels.affine_ras)
    result = write_segmentation(given, studies.context_of(source), studies.segment_codes())
    assert in_highdicom(result) == points_mm(labels.array, labels.affine_ras)
    (tmp_path / "seg").write_bytes(result.data)
    assert np.array_equal(read_segmentation(tmp_path / "seg", source).array, labels.array)


@pytest.mark.parametrize("geometry", studies.geometries(), ids=lambda one: f"{one.row_direction}{one.column_direction}")
def test_row_17_slices_of_any_orientation_get_their_mask_back(tmp_path: Path, geometry: SeriesGeometry) -> None:
    files = studies.hospital_ct(tmp_path / "ct", geometry=geometry)
    source, labels = read_source_series(files), studies.labels_on(read_series(files))
    result = write_segmentation(labels, studies.context_of(source), studies.segment_codes())
    assert in_highdicom(result) == points_mm(labels.array, labels.affine_ras)
    (tmp_path / "seg").write_bytes(result.data)
    assert np.array_equal(read_segmentation(tmp_path / "seg", source).array, labels.array)


def test_row_17_frames_refer_to_the_images_at_their_position(series: list[Path], read: Ct) -> None:
    source, labels = read
    result = write_segmentation(labels, studies.context_of(source), studies.segment_codes())
    dataset = studies.written(result.data)
    assert dataset.FrameOfReferenceUID == source.headers[0].FrameOfReferenceUID
    originals = {one.SOPInstanceUID: one for one in map(pydicom.dcmread, series)}
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        (image,) = frame.DerivationImageSequence[0].SourceImageSequence
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        assert position == originals[image.ReferencedSOPInstanceUID].ImagePositionPatient


def test_row_18_positions_are_right_with_and_without_empty_frames(read: Ct, tmp_path: Path) -> None:
    source, labels = read
    frames = {}
    for empty in EmptyFrames:
        result = write_segmentation(labels, studies.context_of(source), studies.segment_codes(), empty_frames=empty)
        (tmp_path / empty).write_bytes(result.data)
        assert np.array_equal(read_segmentation(tmp_path / empty, source).array, labels.array)
        assert in_highdicom(result) == points_mm(labels.array, labels.affine_ras)
        frames[empty] = int(studies.written(result.data).NumberOfFrames)
    assert frames == {EmptyFrames.OMITTED: 4, EmptyFrames.KEPT: 3 * 6}


def test_row_18_nothing_found_is_written_and_read_as_nothing(read: Ct, tmp_path: Path) -> None:
    source, labels = read
    nothing = Volume(np.zeros_like(labels.array), labels.affine_ras)
    result = write_segmentation(nothing, studies.context_of(source), studies.segment_codes())
    (tmp_path / "seg").write_bytes(result.data)
    assert not read_segmentation(tmp_path / "seg", source).array.any()
    assert len(studies.written(result.data).SegmentSequence) == len(studies.NAMES)


@pytest.mark.parametrize("study", [studies.ct_study, studies.film_study])
def test_row_60_validators_find_no_error(study: Study, tmp_path: Path) -> None:
    for result in make_results(*study(tmp_path)):
        assert dciodvfy_errors(result.data, tmp_path) == [], result.kind
        assert module_faults(studies.written(result.data)) == [], result.kind


@pytest.mark.parametrize("study", [studies.ct_study, studies.film_study])
def test_row_60_every_result_is_marked_and_names_its_weights(study: Study, tmp_path: Path) -> None:
    for result in make_results(*study(tmp_path)):
        assert b"not for diagnosis" in result.data.lower(), result.kind
        assert studies.ALGORITHM.weights_sha256.encode() in result.data, result.kind


@pytest.mark.parametrize("fault", ["SegmentSequence", "Manufacturer", "StudyDate"])
def test_validators_see_a_fault(fault: str, read: Ct, tmp_path: Path) -> None:
    source, labels = read
    result = write_segmentation(labels, studies.context_of(source), studies.segment_codes())
    broken = studies.written(result.data)
    delattr(broken, fault)
    broken.save_as(tmp_path / "broken", enforce_file_format=True)
    assert module_faults(broken)
    assert dciodvfy_errors((tmp_path / "broken").read_bytes(), tmp_path)
