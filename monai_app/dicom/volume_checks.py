"""What a volume of any file format must be: three axes of finite numbers, contrast, an affine with an inverse."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Affine, Volume

Values = npt.NDArray[np.generic]

MAX_BYTES = 5_000_000_000
"""1000 slices of 1024 x 1024 in float32 are 4.2 thousand million; a compressed file may promise any number."""


class VolumeKind(StrEnum):
    """What the voxels are: measurements, which need contrast, or labels, which are whole numbers and may be all 0."""

    IMAGE = "image"
    LABEL = "label"


def volume_shape(shape: tuple[int, ...], *, bytes_each: int = 4) -> tuple[int, ...]:
    """Three axes; further axes of length one are dropped.

    Args:
        bytes_each: of a voxel, before anything is allocated.

    Raises:
        InputRejected: ``NOT_A_VOLUME`` or ``TOO_LARGE``.
    """
    shape = (*shape[:3], *(size for size in shape[3:] if size != 1))
    if len(shape) != 3 or min(shape) < 1:
        raise no_volume(f"{len(shape)} axes")
    if np.prod(shape, dtype=np.float64) * bytes_each > MAX_BYTES:
        raise InputRejected(
            "TOO_LARGE", "the header promises an impossible volume", expected=f"at most {MAX_BYTES} bytes"
        )
    return shape


def checked_volume(values: Values, affine_ras: Affine, *, source: str, kind: VolumeKind) -> Volume:
    """The volume, floats as float32, labels as integers.

    Raises:
        InputRejected: ``GEOMETRY_INVALID``, ``NOT_A_VOLUME``, ``NOT_FINITE``, ``NO_CONTENT`` or ``NOT_LABELS``.
    """
    if not np.isfinite(affine_ras).all() or abs(np.linalg.det(affine_ras[:3, :3])) < 1e-9:
        raise InputRejected("GEOMETRY_INVALID", "the affine is not finite or flat", expected="an invertible affine")
    if values.dtype.kind not in "iuf":
        raise no_volume("values that are no single numbers")
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise InputRejected("NOT_FINITE", "the volume holds NaN or infinite values", expected="finite values")
    if kind is VolumeKind.LABEL:
        values = _labels(values)
    elif low == high:
        raise InputRejected("NO_CONTENT", "the volume shows nothing: all its values are equal", expected="contrast")
    elif values.dtype.kind == "f":
        values = values.astype(np.float32, copy=False)
    return Volume(array=values, affine_ras=affine_ras, provenance={"source": source, "notes": [], "repairs": []})


def _labels(values: Values) -> Values:
    """Whole numbers as integers: some tools write labels as floats."""
    if values.dtype.kind != "f":
        return values
    span = np.iinfo(np.int32)
    whole = values.clip(span.min, span.max).astype(np.int32)
    if not np.array_equal(whole, values):
        raise InputRejected(
            "NOT_LABELS", "a label map holds fractions", expected="whole numbers", remedy="It may be an image."
        )
    return whole


def no_volume(got: str) -> InputRejected:
    """The error of a file of another kind."""
    return InputRejected("NOT_A_VOLUME", "the file holds no single volume", got=got, expected="three axes of numbers")


def unreadable(code: str, error: Exception) -> InputRejected:
    """The error of a file that its library cannot parse; nothing of the library's message is shown."""
    return InputRejected(
        code, "a file cannot be read", got=type(error).__name__, remedy="Transfer it again; it may be cut off."
    )
