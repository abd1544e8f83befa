"""The grid that a network sees, and how its voxels lie among those of the volume.

Turning a volume to RAS and resampling it to a spacing only permutes, flips and scales its axes, whatever the patient's
angle in the scanner: both directions are linear maps of one axis at a time, and everything slab-wise rests on that.
Shapes and offsets are those of MONAI's ``Orientation`` and ``Spacing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import nibabel
import numpy as np
import torch
from monai.data.utils import compute_shape_offset, zoom_affine
from torch import Tensor

from monai_app.core.errors import InputRejected

LARGEST_SHEAR = 1e-3
"""Voxels of one axis by which a step along another may drift; beyond it the axes are not perpendicular."""


@dataclass(frozen=True)
class Taps:
    """Linear interpolation along one axis: ``value = (1 - weight) * source[low] + weight * source[high]``.

    Attributes:
        low: ``(n,)`` int64.
        high: ``(n,)`` int64, ``low`` or the next.
        weight: ``(n,)`` float32 in [0, 1).
    """

    low: Tensor
    high: Tensor
    weight: Tensor

    @classmethod
    def at(cls, positions: np.ndarray, size: int) -> Taps:
        """Taps at fractional positions of an axis; beyond its ends the border value holds."""
        inside = np.clip(positions, 0.0, size - 1.0)
        low = np.floor(inside).astype(np.int64)
        weight = (inside - low).astype(np.float32)
        high = np.where(weight > 0, np.minimum(low + 1, size - 1), low)
        return cls(torch.from_numpy(low), torch.from_numpy(high), torch.from_numpy(weight))

    def along(self, source: Tensor, dim: int) -> Tensor:
        """The interpolated tensor."""
        shape = [1] * source.ndim
        shape[dim] = -1
        low, high = source.index_select(dim, self.low), source.index_select(dim, self.high)
        return low.lerp_(high, self.weight.reshape(shape))

    def __getitem__(self, part: slice) -> Taps:
        return Taps(self.low[part], self.high[part], self.weight[part])


@dataclass(frozen=True, eq=False)
class NetworkGrid:
    """Where network voxel ``j`` of axis ``a`` lies: at ``start[a] + step[a] * j`` along the volume's axis ``axes[a]``.

    Attributes:
        axes: the volume's axis behind each network axis.
        start: position of network voxel 0, in voxels of the volume.
        step: from one network voxel to the next, in voxels of the volume; negative where the axis is flipped.
        shape: of the network's grid.
        volume_shape: of the volume.
        affine_ras: ``(4, 4)`` of the network's grid.
    """

    axes: tuple[int, int, int]
    start: tuple[float, float, float]
    step: tuple[float, float, float]
    shape: tuple[int, int, int]
    volume_shape: tuple[int, int, int]
    affine_ras: np.ndarray

    def forward(self, axis: int) -> Taps:
        """Taps in the volume for every voxel of a network axis."""
        positions = self.start[axis] + self.step[axis] * np.arange(self.shape[axis])
        return Taps.at(positions, self.volume_shape[self.axes[axis]])

    def backward(self, axis: int) -> np.ndarray:
        """Position on a network axis (in its voxels) of every voxel of the volume's axis behind it."""
        return (np.arange(self.volume_shape[self.axes[axis]]) - self.start[axis]) / self.step[axis]


def network_grid(
    volume_shape: Sequence[int], affine_ras: np.ndarray, *, spacing_mm: Sequence[float], axcodes: str = "RAS"
) -> NetworkGrid:
    """The grid of MONAI's ``Orientation(axcodes)`` followed by ``Spacing(spacing_mm)``.

    Args:
        spacing_mm: of the network's grid; a component that is not positive keeps the volume's own.

    Raises:
        InputRejected: ``AFFINE_SINGULAR``; ``AFFINE_SHEARED`` where the volume's axes are not perpendicular.
    """
    shape = np.array(volume_shape)
    if not np.isfinite(affine_ras).all() or abs(np.linalg.det(affine_ras[:3, :3])) < 1e-9:
        raise InputRejected(
            "AFFINE_SINGULAR", "the volume's affine does not span space", remedy="Restore the file's geometry."
        )
    turn = nibabel.orientations.ornt_transform(
        nibabel.orientations.io_orientation(affine_ras), nibabel.orientations.axcodes2ornt(tuple(axcodes))
    )
    axes = tuple(int(np.flatnonzero(turn[:, 0] == axis)[0]) for axis in range(3))
    flipped = [turn[axis, 1] < 0 for axis in axes]
    turned = affine_ras @ nibabel.orientations.inv_ornt_aff(turn, tuple(shape))
    own = np.linalg.norm(turned[:3, :3], axis=0)
    spacing = np.array([wanted if wanted > 0 else mine for wanted, mine in zip(spacing_mm, own, strict=True)])
    affine = zoom_affine(turned, spacing, diagonal=False)
    turned_shape = shape[list(axes)]
    grid_shape, offset = compute_shape_offset(turned_shape, turned, affine)
    affine[:3, 3] = offset[:3]
    within = np.linalg.solve(turned, affine)
    scale, shift = np.diag(within)[:3], within[:3, 3]
    _refuse_shear(within)
    start = [n - 1 - s if flip else s for n, s, flip in zip(turned_shape, shift, flipped, strict=True)]
    step = [-s if flip else s for s, flip in zip(scale, flipped, strict=True)]
    return NetworkGrid(
        axes=(axes[0], axes[1], axes[2]),
        start=(float(start[0]), float(start[1]), float(start[2])),
        step=(float(step[0]), float(step[1]), float(step[2])),
        shape=(int(grid_shape[0]), int(grid_shape[1]), int(grid_shape[2])),
        volume_shape=(int(shape[0]), int(shape[1]), int(shape[2])),
        affine_ras=affine,
    )


def _refuse_shear(within: np.ndarray) -> None:
    """A step along one network axis must stay on one axis of the volume."""
    drift = np.abs(within[:3, :3] - np.diag(np.diag(within)[:3])).max()
    if drift > LARGEST_SHEAR:
        raise InputRejected(
            "AFFINE_SHEARED",
            "the volume's axes are not perpendicular",
            got=f"{drift:.3f} voxels of drift a step",
            expected=f"at most {LARGEST_SHEAR}",
            remedy="Resample it to perpendicular axes first (gantry tilt: the reader's explicit correction).",
        )
