"""A volume on the network's grid, read one plane at a time, so that no second copy at full size ever exists."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from monai_app.core.errors import InputRejected
from monai_app.inference.grid import NetworkGrid, Taps


def plane_order(array: np.ndarray, grid: NetworkGrid) -> tuple[int, int, int]:
    """Network axes from the one whose planes lie together in memory to the one whose neighbours are adjacent."""
    strides = [abs(array.strides[grid.axes[axis]]) for axis in range(3)]
    first, second, third = sorted(range(3), key=lambda axis: -strides[axis])
    return first, second, third


def to_network_grid(array: np.ndarray, grid: NetworkGrid, *, valid: np.ndarray | None = None) -> Tensor:
    """Resample linearly, as MONAI's ``Spacing`` with border padding.

    Args:
        array: the volume ``(I, J, K)`` of any real type; one plane at a time is converted to float32.
        valid: of the same shape, False where there is no image: that gets the least valid value.

    Returns:
        ``(X, Y, Z)`` float32 on the network's grid; a view whose memory runs in :func:`plane_order`.

    Raises:
        InputRejected: ``NOT_FINITE``, ``NO_CONTENT`` for a volume of one value.
    """
    order = plane_order(array, grid)
    taps = [grid.forward(axis) for axis in order]
    turn = [grid.axes[axis] for axis in order]
    planes = np.transpose(array, turn)
    _refuse_not_finite(planes)
    inside = None if valid is None else np.transpose(valid, turn)
    least = 0.0 if inside is None else _least(planes, inside)

    def small(at: int) -> Tensor:
        plane = planes[at] if inside is None else np.where(inside[at], planes[at], planes.dtype.type(least))
        return _small_plane(plane, taps[1], taps[2])

    out = torch.empty([grid.shape[axis] for axis in order])
    kept: dict[int, Tensor] = {}
    for index in torch.argsort(taps[0].low, stable=True).tolist():
        low, high = int(taps[0].low[index]), int(taps[0].high[index])
        kept = {at: kept[at] if at in kept else small(at) for at in (low, high)}
        torch.lerp(kept[low], kept[high], float(taps[0].weight[index]), out=out[index])
    if float(out.min()) == float(out.max()):
        raise InputRejected("NO_CONTENT", "the volume holds one value only", expected="an image", remedy="Check it.")
    return out.permute([order.index(axis) for axis in range(3)])


def _small_plane(plane: np.ndarray, rows: Taps, columns: Taps) -> Tensor:
    """One plane of the volume at the network's spacing; rows first, since each lies together in memory."""
    low, high = (torch.from_numpy(plane[index.numpy()].astype(np.float32)) for index in (rows.low, rows.high))
    return columns.along(low.lerp_(high, rows.weight[:, None]), 1)


def _least(planes: np.ndarray, inside: np.ndarray) -> float:
    """The least valid value; 0 where nothing is valid."""
    found = [plane[mask].min() for plane, mask in zip(planes, inside, strict=True) if mask.any()]
    return float(min(found, default=0.0))


def _refuse_not_finite(planes: np.ndarray) -> None:
    if planes.dtype.kind == "f" and not all(np.isfinite(plane).all() for plane in planes):
        raise InputRejected(
            "NOT_FINITE",
            "the volume holds values that are not finite",
            expected="numbers in every voxel",
            remedy="Repair the file; nothing is filled in silently.",
        )
