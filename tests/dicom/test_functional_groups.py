"""Frames of multi-frame objects as headers of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from monai_app.core.errors import InputRejected
from monai_app.dicom.functional_groups import frame_datasets
from monai_app.dicom.slice_header import PLANE_TAGS
from tests.faults.series import ct, enhanced


def test_single_frame_is_its_own_header() -> None:
    one = ct()[0]
    assert frame_datasets(one, PLANE_TAGS) == [one]


def test_frame_wins_over_shared_and_shared_over_the_file() -> None:
    whole = enhanced(ct())
    whole.EchoTime = 3.0
    shared = Dataset()
    shared.EffectiveEchoTime, shared.SliceThickness = 4.0, 7.0
    whole.SharedFunctionalGroupsSequence[0].MREchoSequence = [shared]
    own = Dataset()
    own.EffectiveEchoTime = 5.0
    whole.PerFrameFunctionalGroupsSequence[2].MREchoSequence = [own]
    assert [frame.EchoTime for frame in frame_datasets(whole, PLANE_TAGS)] == [4.0, 4.0, 5.0, 4.0, 4.0, 4.0]


def test_geometry_outside_the_groups_is_not_that_of_a_frame() -> None:
    whole = enhanced(ct())
    whole.ImagePositionPatient = [1, 2, 3]
    del whole.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence
    frames = frame_datasets(whole, PLANE_TAGS)
    assert "ImagePositionPatient" not in frames[1] and frames[0].ImagePositionPatient == [-10, -20, 30]


def test_frames_without_groups_and_groups_without_frames_are_rejected(tmp_path: Path) -> None:
    bare = ct()[0]
    bare.NumberOfFrames = 3
    with pytest.raises(InputRejected, match="MULTI_FRAME"):
        frame_datasets(bare, PLANE_TAGS)
    whole = enhanced(ct())
    whole.NumberOfFrames = 7
    with pytest.raises(InputRejected, match="HEADER_MISMATCH"):
        frame_datasets(whole, PLANE_TAGS)
    for count in (0, 10**9, -1):
        whole.NumberOfFrames = count or 10**7
        with pytest.raises(InputRejected, match="TOO_LARGE"):
            frame_datasets(whole, PLANE_TAGS)
