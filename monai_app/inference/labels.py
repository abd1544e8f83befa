"""From probabilities on the network's grid to labels in the volume's own voxels, one plane at a time.

The same as MONAI's ``Invertd`` with linear interpolation and ``AsDiscreted(argmax=True)``, which hold float
probabilities of all classes at full size; here one plane of one class exists at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from monai_app.inference.grid import NetworkGrid, Taps
from monai_app.inference.windows import WindowPlan

_LINES_AT_ONCE = 64
"""Lines of a plane whose scores are compared together; they stay in the processor's cache."""

_ROUNDING = 1e-5


@dataclass(frozen=True, eq=False)
class _Part:
    """Some lines of a plane.

    Attributes:
        lines: of the volume, counted from the first that the halo reaches.
        rows: of the network that they lie between.
        weights: ``(lines, rows)`` interpolation from those rows: a product of matrices takes half the time of taps.
    """

    lines: slice
    rows: slice
    weights: Tensor


class LabelPainter:
    """Takes slabs of probabilities in ascending order and paints labels.

    Attributes:
        labels: ``(I, J, K)`` uint8 in the volume's voxels.
        counts: voxels of every class, ``(C,)``.
    """

    def __init__(self, grid: NetworkGrid, plan: WindowPlan, channels: int) -> None:
        self.channels = channels
        shape = [grid.volume_shape[grid.axes[axis]] for axis in plan.order]
        self._planes = np.zeros(shape, np.uint8)
        back = [[grid.axes[axis] for axis in plan.order].index(axis) for axis in range(3)]
        self.labels = self._planes.transpose(back)
        self.counts = np.zeros(channels, np.int64)
        self.counts[0] = self.labels.size
        self._halo = [plan.halo[axis] for axis in plan.order]
        spans, taps = zip(*(_taps(grid, plan, axis) for axis in plan.order), strict=True)
        self._lines, self._columns = spans[1], spans[2]
        self._parts, self._column_taps = list(_parts(taps[1])), taps[2]
        wide = (_LINES_AT_ONCE, spans[2].stop - spans[2].start)
        self._best, self._score = torch.empty(wide), torch.empty(wide)
        self._wins, self._label = np.empty(wide, np.bool_), np.empty(wide, np.uint8)
        self._waiting = _ascending(taps[0], spans[0])
        self._next = next(self._waiting, None)
        self._before: Tensor | None = None

    def add(self, first: int, probabilities: Tensor) -> None:
        """Paint every plane that lies before the last row of a slab.

        Args:
            first: network row of the slab's first, one beyond the last of the slab before.
            probabilities: ``(C, n, a, b)`` with axes in the plan's order.
        """
        last = first - self._halo[0].start + probabilities.shape[1] - 1
        begin = first - self._halo[0].start
        while self._next is not None and self._next[2] <= last:
            plane, low, high, weight = self._next
            scores = [self._before if row < begin else probabilities[:, row - begin] for row in (low, high)]
            assert scores[0] is not None and scores[1] is not None, "slabs come without gaps"
            self._paint(plane, scores[0] if low == high else torch.lerp(scores[0], scores[1], weight))
            self._next = next(self._waiting, None)
        self._before = probabilities[:, -1].clone()

    def _paint(self, plane: int, scores: Tensor) -> None:
        """Interpolate ``(C, a, b)`` in its plane and keep the class of the highest probability."""
        target = self._planes[plane][self._lines, self._columns]
        # the winner has at least 1 / C, so a class that reaches it nowhere near cannot win
        reaches = scores.amax(dim=2).numpy() >= 1.0 / self.channels - _ROUNDING
        alive = np.flatnonzero(reaches.any(axis=1)).tolist()
        wide = {index: self._column_taps.along(scores[index], 1) for index in alive}  # all at once takes far longer
        for part in self._parts:
            rivals = np.flatnonzero(reaches[:, part.rows].any(axis=1)).tolist()
            self._settle(target[part.lines], {index: wide[index][part.rows] for index in rivals}, part.weights)
        for index in alive:
            found = int(np.count_nonzero(target == index))
            self.counts[index] += found
            self.counts[0] -= found

    def _settle(self, target: np.ndarray, rivals: dict[int, Tensor], weights: Tensor) -> None:
        """Write the winner among the rivals into some lines; ties go to the smaller label, as with argmax."""
        (leader, rows), *others = rivals.items()
        if not others:
            target[...] = leader
            return
        lines = len(target)
        best, score = torch.mm(weights, rows, out=self._best[:lines]).numpy(), self._score[:lines]
        wins, label = self._wins[:lines], self._label[:lines]
        label[...] = leader
        for index, rows in others:
            found = torch.mm(weights, rows, out=score).numpy()
            np.greater(found, best, out=wins)
            # labels come in ascending order: the larger one of the two is the new one
            np.maximum(label, np.multiply(wins.view(np.uint8), np.uint8(index), out=wins.view(np.uint8)), out=label)
            np.maximum(best, found, out=best)
        target[...] = label


def _parts(taps: Taps) -> Iterator[_Part]:
    """Lines in parts that stay in the processor's cache."""
    for begin in range(0, len(taps.low), _LINES_AT_ONCE):
        lines = slice(begin, min(begin + _LINES_AT_ONCE, len(taps.low)))
        part = taps[lines]
        rows = slice(int(part.low.min()), int(part.high.max()) + 1)
        places = torch.arange(len(part.low))
        weights = torch.zeros(len(places), rows.stop - rows.start)
        weights[places, part.low - rows.start] = 1.0 - part.weight
        weights[places, part.high - rows.start] += part.weight
        yield _Part(lines, rows, weights)


def _taps(grid: NetworkGrid, plan: WindowPlan, axis: int) -> tuple[slice, Taps]:
    """The volume's voxels along an axis that the halo reaches, and their taps counted from the halo's start."""
    halo, size = plan.halo[axis], plan.shape[axis]
    positions = grid.backward(axis)
    reached = np.ones(len(positions), bool)
    if halo.start > 0:
        reached &= positions >= halo.start
    if halo.stop < size:
        reached &= positions <= halo.stop - 1
    found = np.flatnonzero(reached)
    span = slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)
    return span, Taps.at(positions[span] - halo.start, halo.stop - halo.start)


def _ascending(taps: Taps, span: slice) -> Iterator[tuple[int, int, int, float]]:
    """(plane, low row, high row, weight) of every plane, in the order in which rows arrive."""
    for index in torch.argsort(taps.high.double() + taps.weight.double(), stable=True).tolist():
        yield span.start + index, int(taps.low[index]), int(taps.high[index]), float(taps.weight[index])
