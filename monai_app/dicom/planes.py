"""Three planes of a volume as radiologists read them: the patient's right on the left, anterior and superior up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import nibabel.orientations
import numpy as np

from monai_app.dicom.volume import Volume

CT_WINDOW_HU = (-160.0, 240.0)
"""Soft tissue: centre 40, width 400."""

BARS_MM = (100, 50, 20, 10, 5, 2, 1)
"""Lengths that a scale bar may have."""

_MR_PERCENTILES = (1.0, 99.5)

Voxel = tuple[int, int, int]


@dataclass(frozen=True)
class Plane:
    """One plane as it is shown.

    Attributes:
        values: ``(rows, columns)``, the first row on top.
        labels: of the same pixels.
        pixel_mm: height and width of a pixel.
        letters: patient directions at the left, right, top and bottom edge.
        at: row and column of the voxel that all three planes pass through.
    """

    values: np.ndarray
    labels: np.ndarray
    pixel_mm: tuple[float, float]
    letters: tuple[str, str, str, str]
    at: tuple[int, int] = (0, 0)


def planes(volume: Volume, labels: np.ndarray, at: Voxel | None = None) -> tuple[Plane, Plane, Plane]:
    """Axial, coronal and sagittal plane through a voxel, or the middle of what was found, or of the volume.

    Args:
        labels: ``(I, J, K)`` in the volume's voxels.
        at: voxel of the volume.
    """
    turn = nibabel.orientations.io_orientation(volume.affine_ras)  # type: ignore[no-untyped-call]
    values, found = (_canonical(array, turn) for array in (volume.array, labels))
    spacing = np.empty(3)
    spacing[turn[:, 0].astype(int)] = volume.spacing_mm
    x, y, z = _middle(found) if at is None else _turned(at, volume.array.shape, turn)
    across, along, up = (size - 1 for size in values.shape)
    sx, sy, sz = (float(step) for step in spacing)
    axial = (slice(None, None, -1), slice(None, None, -1), z)
    coronal = (slice(None, None, -1), y, slice(None, None, -1))
    sagittal = (x, slice(None, None, -1), slice(None, None, -1))
    return (
        Plane(values[axial].T, found[axial].T, (sy, sx), ("R", "L", "A", "P"), (along - y, across - x)),
        Plane(values[coronal].T, found[coronal].T, (sz, sx), ("R", "L", "S", "I"), (up - z, across - x)),
        Plane(values[sagittal].T, found[sagittal].T, (sz, sy), ("A", "P", "S", "I"), (up - z, along - y)),
    )


def grey_range(shown: Sequence[Plane], modality: str) -> tuple[float, float]:
    """Values that are shown black and white: CT has its usual window, anything else its own range."""
    if modality == "CT":
        return CT_WINDOW_HU
    values = np.concatenate([plane.values.ravel() for plane in shown])
    low, high = np.percentile(values, _MR_PERCENTILES)
    return float(low), float(max(high, low + 1e-6))


def outline(labels: np.ndarray) -> np.ndarray:
    """Pixels of a structure beside pixels of another label."""
    edge = np.zeros(labels.shape, bool)
    for axis in range(2):
        step = np.diff(labels.astype(np.int16), axis=axis) != 0
        before: list[slice] = [slice(None), slice(None)]
        after = list(before)
        before[axis], after[axis] = slice(0, -1), slice(1, None)
        edge[tuple(before)] |= step
        edge[tuple(after)] |= step
    return edge & (labels > 0)


def _canonical(array: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """A view with axes towards right, anterior and superior (the nearest ones of an oblique volume)."""
    flipped = array[tuple(slice(None, None, int(direction)) for direction in turn[:, 1])]
    view: np.ndarray = flipped.transpose(np.argsort(turn[:, 0]))
    return view


def _turned(at: Voxel, shape: Sequence[int], turn: np.ndarray) -> Voxel:
    """Where a voxel lies in the canonical view."""
    place = [0, 0, 0]
    for index, size, (axis, direction) in zip(at, shape, turn, strict=True):
        place[int(axis)] = index if direction > 0 else size - 1 - index
    return place[0], place[1], place[2]


def _middle(found: np.ndarray) -> Voxel:
    """The voxel whose three planes show most of what was found."""
    middle = []
    for axis in range(3):
        across = tuple(other for other in range(3) if other != axis)
        counts = np.count_nonzero(found, axis=across)
        total = int(counts.sum())
        middle.append(int(np.searchsorted(np.cumsum(counts), total / 2)) if total else found.shape[axis] // 2)
    return middle[0], middle[1], middle[2]
