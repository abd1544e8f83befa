"""Exact area averaging of a grey image, converting its stored values block by block while they lie in the cache.

A pixel that an output cell covers in part counts by that part, so means are kept and shifts cannot appear.
Converting before averaging is exact for every display function; doing it per block costs what the averaging costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Stored = npt.NDArray[np.integer[Any]]
Convert = Callable[[Stored, Floats], object]
Valid = Callable[[Stored], npt.NDArray[np.bool_]]
Extent = tuple[float, float]


def fitted_shape(height_px: int, width_px: int, side_px: int) -> tuple[int, int]:
    """The (height, width) whose longer side is ``side_px`` at the same aspect; neither is below 1."""
    scale = side_px / max(height_px, width_px)
    return max(1, round(height_px * scale)), max(1, round(width_px * scale))


def area_mean(
    pixels: Stored,
    shape: tuple[int, int],
    *,
    convert: Convert | None = None,
    valid: Valid | None = None,
    extent: tuple[Extent, Extent] | None = None,
) -> tuple[Floats, Floats]:
    """Average converted pixels over the cells of a coarser grid.

    Args:
        pixels: (H, W) stored values.
        shape: (h, w) with h <= H and w <= W.
        convert: writes the float32 values of a block into its second argument, elementwise; None casts.
        valid: which stored values count; None counts all.
        extent: where the grid starts and ends along rows and columns, in pixels from the first one's outer edge;
            None is the whole image. What lies outside the image repeats its border.

    Returns:
        The means (h, w), zero where nothing counted, and the counted fraction of each cell (h, w).
    """
    height, width = pixels.shape
    if shape[0] > height or shape[1] > width:
        msg = f"area averaging cannot enlarge: got {(height, width)} -> {shape}"
        raise ValueError(msg)
    along_rows, along_columns = extent or ((0.0, float(height)), (0.0, float(width)))
    sums, weights = _converted_sums(pixels, shape[0], along_rows, convert, valid)
    total = _sums(np.ascontiguousarray(sums.T), shape[1], along_columns).T
    cell = ((along_rows[1] - along_rows[0]) / shape[0]) * ((along_columns[1] - along_columns[0]) / shape[1])
    if weights is None:
        return (total / cell).astype(np.float32), np.ones(shape, np.float32)
    counted = _sums(np.ascontiguousarray(weights.T), shape[1], along_columns).T
    means = np.divide(total, counted, out=np.zeros(shape), where=counted > 0)
    return means.astype(np.float32), (counted / cell).astype(np.float32)


def _shares(length: int, cells: int, extent: Extent) -> Iterator[tuple[int, int, Floats]]:
    """For each cell the first and last + 1 row it touches, and the part of each of them that lies inside."""
    begin, span = extent[0], extent[1] - extent[0]
    for cell in range(cells):
        start, stop = begin + cell * span / cells, begin + (cell + 1) * span / cells
        first = min(max(int(np.floor(start)), 0), length - 1)
        last = max(min(int(np.ceil(stop - 1e-9)), length), first + 1)
        share = np.ones(last - first, np.float32)
        share[0] -= start - first  # what lies before the first row or behind the last is counted as that row
        share[-1] -= last - stop
        yield first, last, share


def _sums(rows: Floats, cells: int, extent: Extent) -> Floats:
    """Sums over cells of rows: (H, W) to (cells, W)."""
    sums = np.empty((cells, rows.shape[1]), np.float32)
    for cell, (first, last, share) in enumerate(_shares(len(rows), cells, extent)):
        np.dot(share, rows[first:last], out=sums[cell])
    return sums


def _converted_sums(
    pixels: Stored, cells: int, extent: Extent, convert: Convert | None, valid: Valid | None
) -> tuple[Floats, Floats | None]:
    """As :func:`_sums` of converted pixels, and the summed weights where ``valid`` is given."""
    height, width = pixels.shape
    sums = np.empty((cells, width), np.float32)
    weights = None if valid is None else np.empty((cells, width), np.float32)
    buffer = np.empty((int(height / cells) + 3, width), np.float32)  # one block: it stays in the cache
    for cell, (first, last, share) in enumerate(_shares(height, cells, extent)):
        block, values = pixels[first:last], buffer[: last - first]
        if convert is None:
            np.copyto(values, block, casting="unsafe")
        else:
            convert(block, values)
        if weights is not None and valid is not None:
            counts = valid(block)
            np.multiply(values, counts, out=values)
            np.dot(share, counts.astype(np.float32), out=weights[cell])
        np.dot(share, values, out=sums[cell])
    return sums, weights
