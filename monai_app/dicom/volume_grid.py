"""Whether two volumes lie on one grid: the same shape is not enough, the same voxels must be at the same places."""

from __future__ import annotations

import itertools

import numpy as np

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Affine, Volume

GRID_TOLERANCE_MM = 0.05
"""How far a corner of one grid may lie from the same corner of the other; formats round affines to float32."""


def same_grid(first: Volume, second: Volume) -> bool:
    """Whether both have the same shape and every corner at the same place, to GRID_TOLERANCE_MM."""
    if first.array.shape != second.array.shape:
        return False
    return corners_apart_mm(first.affine_ras, second.affine_ras, first.array.shape) <= GRID_TOLERANCE_MM


def require_same_grid(image: Volume, label: Volume) -> None:
    """Image and label describe the same voxels.

    Raises:
        InputRejected: ``GRID_MISMATCH``; resample one to the other on purpose where that is wanted.
    """
    if same_grid(image, label):
        return
    apart = corners_apart_mm(image.affine_ras, label.affine_ras, image.array.shape)
    raise InputRejected(
        "GRID_MISMATCH",
        "image and label do not lie on the same grid",
        got=f"shapes {image.array.shape} and {label.array.shape}, affines {apart:.2f} mm apart",
        expected=f"one shape, within {GRID_TOLERANCE_MM} mm",
        remedy="Resample one to the other, or look for the label of this image.",
    )


def corners_apart_mm(first: Affine, second: Affine, shape: tuple[int, ...]) -> float:
    """The greatest distance between where two affines put a corner of a grid; between corners it is smaller."""
    corners = np.array([(*corner, 1) for corner in itertools.product(*((0, size - 1) for size in shape))])
    return float(np.linalg.norm(corners @ (first - second).T[:, :3], axis=1).max())
