"""Repairs of a stack that a caller asked for: a tilted gantry sheared back, uneven slices resampled; both linear."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from monai_app.dicom.area import Floats
from monai_app.dicom.series_geometry import Doubles, Stack

Bools = npt.NDArray[np.bool_]

_WHOLE = 1 - 1e-5
"""An interpolated mask above this was made of valid voxels alone."""


def sheared(values: Floats, valid: Bools | None, stack: Stack) -> tuple[Floats, Bools, tuple[int, int]]:
    """Each slice moved sideways by what its position says, onto a grid that is wide enough for all of them.

    Args:
        values: ``(K, rows, columns)``.
        valid: where they are image, None for everywhere.
        stack: a straight stack that steps sideways.

    Returns:
        Values ``(K, rows', columns')``, where they are image (outside the moved slices they are the least valid
        value), and the (row, column) of the new grid's corner on the first slice.
    """
    spacing = stack.slices[0].spacing_mm
    moved = stack.beside_mm[:, ::-1] / spacing  # (row, column) pixels
    corner, end = np.floor(moved.min(axis=0)).astype(int), np.ceil(moved.max(axis=0)).astype(int)
    rows, columns = (int(size + last - first) for size, first, last in zip(values.shape[1:], corner, end, strict=True))
    inside = np.ones(values.shape[1:], np.float32)
    fill = float(values.min() if valid is None else values[valid].min())
    wide = np.full((len(values), rows, columns), fill, np.float32)
    kept = np.zeros(wide.shape, np.bool_)
    for index, shift in enumerate(moved):
        mask = inside if valid is None else valid[index].astype(np.float32)
        kept[index] = _shifted(mask, corner - shift, (rows, columns)) > _WHOLE
        np.copyto(wide[index], _shifted(values[index], corner - shift, (rows, columns)), where=kept[index])
    return wide, kept, (int(corner[0]), int(corner[1]))


def _shifted(plane: Floats, offset: Doubles, shape: tuple[int, int]) -> Floats:
    moved: Floats = ndimage.affine_transform(plane, np.ones(2), offset, output_shape=shape, order=1, cval=0.0)
    return moved


def resampled(values: Floats, valid: Bools | None, along_mm: Doubles) -> tuple[Floats, Bools | None, float]:
    """Slices at even distances from the first to the last, their step the median of the uneven ones.

    Returns:
        Values ``(K', rows, columns)``, where they are image, and the step in mm.
    """
    step = float(np.median(np.diff(along_mm)))
    count = int(np.floor((along_mm[-1] - along_mm[0]) / step + 1e-6)) + 1
    where = np.interp(along_mm[0] + step * np.arange(count), along_mm, np.arange(len(along_mm), dtype=np.float64))
    lower = np.minimum(where.astype(int), len(along_mm) - 2)
    weight = (where - lower).astype(np.float32)[:, None, None]
    even = values[lower] * (1 - weight)
    even += values[lower + 1] * weight
    if valid is None:
        return even, None, step
    return even, (valid[lower] | (weight == 1)) & (valid[lower + 1] | (weight == 0)), step
