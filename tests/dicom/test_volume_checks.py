"""What any file's volume must be."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume_checks import VolumeKind, checked_volume, volume_shape

VALUES = np.arange(24.0).reshape(2, 3, 4)


def test_shapes_keep_three_axes() -> None:
    assert volume_shape((2, 3, 4)) == volume_shape((2, 3, 4, 1, 1)) == (2, 3, 4)
    for shape in ((2, 3), (2, 3, 4, 5), (2, 3, 0), ()):
        with pytest.raises(InputRejected, match="NOT_A_VOLUME"):
            volume_shape(shape)
    with pytest.raises(InputRejected, match="TOO_LARGE"):
        volume_shape((65535, 65535, 65535))


def test_floats_become_float32_and_integers_stay() -> None:
    assert checked_volume(VALUES, np.eye(4), source="x", kind=VolumeKind.IMAGE).array.dtype == np.float32
    kept = checked_volume(VALUES.astype(np.uint8), np.eye(4), source="x", kind=VolumeKind.IMAGE)
    assert kept.array.dtype == np.uint8 and kept.provenance["source"] == "x"


def test_flat_affines_are_rejected() -> None:
    for affine in (np.diag([1.0, 0, 1, 1]), np.full((4, 4), np.nan)):
        with pytest.raises(InputRejected, match="GEOMETRY_INVALID"):
            checked_volume(VALUES, affine, source="x", kind=VolumeKind.IMAGE)


def test_complex_values_are_no_volume() -> None:
    with pytest.raises(InputRejected, match="NOT_A_VOLUME"):
        checked_volume(VALUES.astype(np.complex64), np.eye(4), source="x", kind=VolumeKind.IMAGE)


def test_labels_too_large_for_their_type_are_rejected() -> None:
    with pytest.raises(InputRejected, match="NOT_LABELS"):
        checked_volume(VALUES * 1e30, np.eye(4), source="x", kind=VolumeKind.LABEL)
