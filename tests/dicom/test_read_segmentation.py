"""Reading segmentations: positions decide, and what is not of the series is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.read_segmentation import read_segmentation
from monai_app.dicom.source_images import SourceImages, read_source_series
from monai_app.dicom.volume import Volume
from monai_app.dicom.write_segmentation import write_segmentation
from tests.faults.studies import context_of, hospital_ct, labels_on, segment_codes, written

Read = tuple[SourceImages, Volume, bytes]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    files = hospital_ct(tmp_path_factory.mktemp("ct"))
    source, labels = read_source_series(files), labels_on(read_series(files))
    return source, labels, write_segmentation(labels, context_of(source), segment_codes()).data


def reversed_frames(dataset: FileDataset) -> None:
    bits = dataset.pixel_array[::-1]
    dataset.PerFrameFunctionalGroupsSequence = list(dataset.PerFrameFunctionalGroupsSequence)[::-1]
    dataset.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes()


def test_order_of_the_frames_does_not_matter(read: Read, tmp_path: Path) -> None:
    dataset = written(read[2])
    reversed_frames(dataset)
    dataset.save_as(tmp_path / "seg")
    assert np.array_equal(read_segmentation(tmp_path / "seg", read[0]).array, read[1].array)


def first_frame(dataset: FileDataset) -> Dataset:
    frame: Dataset = dataset.PerFrameFunctionalGroupsSequence[0]
    return frame


def beside(dataset: FileDataset) -> None:
    first_frame(dataset).PlanePositionSequence[0].ImagePositionPatient[2] += 1.0


def turned(dataset: FileDataset) -> None:
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [0, 1, 0, 1, 0, 0]


def elsewhere(dataset: FileDataset) -> None:
    dataset.FrameOfReferenceUID = "2.25.9"


def overlapping(dataset: FileDataset) -> None:
    last, frame = dataset.PerFrameFunctionalGroupsSequence[-1], first_frame(dataset)
    last.PlanePositionSequence = frame.PlanePositionSequence
    dataset.PixelData = b"\xff" * len(dataset.PixelData)


def placeless(dataset: FileDataset) -> None:
    del first_frame(dataset).PlanePositionSequence


def one_group_less(dataset: FileDataset) -> None:
    dataset.PerFrameFunctionalGroupsSequence = list(dataset.PerFrameFunctionalGroupsSequence)[1:]


def empty_macro(dataset: FileDataset) -> None:
    del first_frame(dataset).PlanePositionSequence[0].ImagePositionPatient


def fractional(dataset: FileDataset) -> None:
    dataset.SegmentationType = "FRACTIONAL"


def wider(dataset: FileDataset) -> None:
    dataset.Columns, dataset.Rows = dataset.Rows, dataset.Columns


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("GRID_MISMATCH", beside),
        ("GRID_MISMATCH", turned),
        ("GRID_MISMATCH", wider),
        ("MIXED_FRAME_OF_REFERENCE", elsewhere),
        ("SEGMENTS_OVERLAP", overlapping),
        ("NO_GEOMETRY", placeless),
        ("HEADER_MISMATCH", one_group_less),
        ("DICOM_UNREADABLE", empty_macro),
        ("NOT_SEGMENTATION", fractional),
    ],
)
def test_what_is_not_of_the_series_is_refused(read: Read, tmp_path: Path, code: str, fault: object) -> None:
    assert callable(fault)
    dataset = written(read[2])
    fault(dataset)
    dataset.save_as(tmp_path / "seg")
    with pytest.raises(InputRejected, match=code):
        read_segmentation(tmp_path / "seg", read[0])


def test_image_is_no_segmentation(read: Read, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NOT_SEGMENTATION"):
        read_segmentation(hospital_ct(tmp_path)[0], read[0])
