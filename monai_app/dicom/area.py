"""Exact area averaging of a grey image, converting its stored values block by block while they lie in the cache.

A pixel that an output cell covers in part counts by that part, so means are kept and shifts cannot appear.
Converting before averaging is exact for every display function; doing it per block costs what the averaging costs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Block = npt.NDArray[np.integer | np.floating]


def fitted_shape(height_px: int, width_px: int, side_px: int) -> tuple[int, int]:
    """The (height, width) whose longer side is ``side_px`` at the same aspect; neither is below 1."""
    scale = side_px / max(height_px, width_px)
    return max(1, round(height_px * scale)), max(1, round(width_px * scale))


def area_mean(
    pixels: Block,
    shape: tuple[int, int],
    *,
    convert: Callable[[Block], Floats] | None = None,
    valid: Callable[[Block], npt.NDArray[np.bool_]] | None = None,
) -> tuple[Floats, Floats]:
    """Average ``convert(pixels)`` over the cells of a coarser grid.

    Args:
        pixels: (H, W) stored values.
        shape: (h, w) with h <= H and w <= W.
        convert: stored values to float32, elementwise; None casts.
        valid: which stored values count; None counts all.

    Returns:
        The means (h, w), zero where nothing counted, and the counted fraction of each cell (h, w).
    """
    height, width = pixels.shape
    if shape[0] > height or shape[1] > width:
        msg = f"area averaging cannot enlarge: got {(height, width)} -> {shape}"
        raise ValueError(msg)
    sums, weights = _sum_rows(pixels, shape[0], convert, valid)
    total = _sum_rows(np.ascontiguousarray(sums.T), shape[1], None, None)[0].T
    cell = (height / shape[0]) * (width / shape[1])
    if weights is None:
        return (total / cell).astype(np.float32), np.ones(shape, np.float32)
    counted = _sum_rows(np.ascontiguousarray(weights.T), shape[1], None, None)[0].T
    means = np.divide(total, counted, out=np.zeros(shape), where=counted > 0)
    return means.astype(np.float32), (counted / cell).astype(np.float32)


def _sum_rows(
    pixels: Block,
    rows: int,
    convert: Callable[[Block], Floats] | None,
    valid: Callable[[Block], npt.NDArray[np.bool_]] | None,
) -> tuple[Floats, Floats | None]:
    """Weighted sums of consecutive rows: (H, W) to (rows, W), and the summed weights where ``valid`` is given."""
    height, width = pixels.shape
    sums = np.empty((rows, width), np.float32)
    weights = None if valid is None else np.empty((rows, width), np.float32)
    for row in range(rows):
        start, stop = row * height / rows, (row + 1) * height / rows
        first, last = int(start), min(int(np.ceil(stop - 1e-9)), height)
        share = np.ones(last - first, np.float32)
        share[0] -= start - first
        share[-1] -= last - stop
        block = pixels[first:last]
        values = block.astype(np.float32) if convert is None else convert(block)
        if weights is not None and valid is not None:
            counts = valid(block)
            values = np.where(counts, values, np.float32(0))
            weights[row] = share @ counts.astype(np.float32)
        sums[row] = share @ values
    return sums, weights
