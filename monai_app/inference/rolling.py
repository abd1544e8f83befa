"""Sliding-window inference that keeps a slab: windows are blended in a buffer as deep as one window, which rolls along.

MONAI's ``sliding_window_inference`` holds the scores of all classes for the whole volume, twice with their weights.
Here a row across the rolling axis is handed on as soon as no later window can reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from monai.data.utils import compute_importance_map
from torch import Tensor
from torch.nn import functional

from monai_app.inference.windows import WindowPlan, inside

ROWS_AT_ONCE = 8
"""Most rows that are handed on together."""

_SIGMA_SCALE = 0.125
"""Of the Gaussian, in sizes of a window: MONAI's default."""

Predict = Callable[[Tensor], Tensor]
"""``(1, S, x, y, z) -> (1, C, x, y, z)`` scores before softmax."""


class RollingBuffer:
    """Weighted sums of window scores over the rows that are not final yet.

    Attributes:
        base: network row (along the rolling axis) of the buffer's first.
        scores: ``(C, depth, a, b)`` float32.
        weights: ``(depth, a, b)`` float32.
    """

    def __init__(self, plan: WindowPlan, channels: int) -> None:
        self.plan, self.halo = plan, [plan.halo[axis] for axis in plan.order]
        depth = min(plan.size[plan.order[0]] + 2, self.halo[0].stop - self.halo[0].start)
        across = [side.stop - side.start for side in self.halo[1:]]
        self.base = self.halo[0].start
        self.scores, self.weights = torch.zeros(channels, depth, *across), torch.zeros(depth, *across)

    def add(self, start: tuple[int, int, int], scores: Tensor, importance: Tensor) -> None:
        """Blend a window's scores ``(C, x, y, z)`` in; what lies outside the grid is dropped."""
        on_grid = inside(start, self.plan)
        there, here = [], []
        for axis, side in zip(self.plan.order, self.halo, strict=True):
            begin = self.base if axis == self.plan.order[0] else side.start
            there.append(slice(on_grid[axis].start - begin, on_grid[axis].stop - begin))
            here.append(slice(on_grid[axis].start - start[axis], on_grid[axis].stop - start[axis]))
        weight = importance.permute(self.plan.order)[tuple(here)]
        part = scores.permute(0, *(axis + 1 for axis in self.plan.order))[(slice(None), *here)]
        self.scores[(slice(None), *there)].addcmul_(part, weight)
        self.weights[tuple(there)] += weight

    def advance(self, row: int) -> Iterator[tuple[int, Tensor]]:
        """Hand on the probabilities of all rows before ``row`` as (first row, ``(C, n, a, b)``), and forget them."""
        while self.base < row:
            done = min(row - self.base, len(self.weights))
            for first in range(0, done, ROWS_AT_ONCE):
                yield self.base + first, self._probabilities(slice(first, min(first + ROWS_AT_ONCE, done)))
            for buffer, dim in ((self.scores, 1), (self.weights, 0)):
                _roll(buffer, dim, done)
            self.base += done

    def _probabilities(self, rows: slice) -> Tensor:
        """Softmax of the blended scores; background where no window has been."""
        weights = self.weights[rows]
        probabilities = torch.softmax(self.scores[:, rows] / weights.clamp_min(1e-12), dim=0)
        unseen = weights == 0
        if unseen.any():
            probabilities.masked_fill_(unseen, 0.0)
            probabilities[0].masked_fill_(unseen, 1.0)
        return probabilities


def _roll(buffer: Tensor, dim: int, rows: int) -> None:
    """Move everything towards the front by ``rows``, row by row so that nothing overlaps; zeros follow."""
    depth = buffer.shape[dim]
    for at in range(depth - rows):
        buffer.select(dim, at).copy_(buffer.select(dim, at + rows))
    buffer.narrow(dim, depth - rows, rows).zero_()


def stream_probabilities(
    image: Tensor,
    predict: Predict,
    plan: WindowPlan,
    *,
    channels: int,
    blend: str = "gaussian",
    on_window: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, Tensor]]:
    """Class probabilities over the plan's halo, a few rows at a time, in ascending order and without gaps.

    Args:
        image: ``(S, X, Y, Z)`` on the network's grid, intensities as the network wants them.
        channels: number of classes C.
        blend: MONAI's ``gaussian`` or ``constant``.

    Yields:
        (first network row along ``plan.order[0]``, ``(C, n, a, b)``) with axes in ``plan.order`` and at most
        :data:`ROWS_AT_ONCE` rows.
    """
    importance = compute_importance_map(plan.size, mode=blend, sigma_scale=_SIGMA_SCALE, dtype=torch.float32)
    buffer = RollingBuffer(plan, channels)
    roll = plan.order[0]
    for start in plan.starts:
        yield from buffer.advance(max(start[roll], plan.halo[roll].start))
        scores = predict(_window(image, start, plan)[None])[0]
        assert scores.shape == (channels, *plan.size), "a network gives one score a class and voxel"
        buffer.add(start, scores.float(), importance)
        on_window()
    yield from buffer.advance(plan.halo[roll].stop)


def _window(image: Tensor, start: tuple[int, int, int], plan: WindowPlan) -> Tensor:
    """A window of the image, zeros where it reaches beyond the grid."""
    part = inside(start, plan)
    seen = image[(slice(None), *part)]
    padding = [
        amount
        for at, side, size in reversed(list(zip(start, part, plan.size, strict=True)))
        for amount in (side.start - at, at + size - side.stop)
    ]
    return functional.pad(seen, padding) if any(padding) else seen.contiguous()
