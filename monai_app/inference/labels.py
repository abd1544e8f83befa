"""From probabilities on the network's grid to labels in the volume's own voxels, one plane at a time.

The same as MONAI's ``Invertd`` with linear interpolation and ``AsDiscreted(argmax=True)``, which hold float
probabilities of all classes at full size; here one plane of one class exists at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from monai_app.inference.grid import NetworkGrid, Taps
from monai_app.inference.windows import WindowPlan

_LINES_AT_ONCE = 64
"""Lines of a plane whose scores are compared together; they stay in the processor's cache."""

_ROUNDING = 1e-5


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
        self._line_taps, self._column_taps = taps[1], taps[2]
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
        target = torch.from_numpy(self._planes[plane])[self._lines, self._columns]
        # the winner has at least 1 / C, so a class that reaches it nowhere near cannot win
        least = 1.0 / self.channels - _ROUNDING
        peaks = scores.amax(dim=2)
        alive = [index for index in range(self.channels) if float(peaks[index].max()) >= least]
        wide = {index: self._column_taps.along(scores[index], 1) for index in alive}
        for begin in range(0, len(target), _LINES_AT_ONCE):
            part = slice(begin, min(begin + _LINES_AT_ONCE, len(target)))
            taps = self._line_taps[part]
            reached = slice(int(taps.low.min()), int(taps.high.max()) + 1)
            rivals = [index for index in alive if float(peaks[index, reached].max()) >= least]
            self._settle(target[part], wide, rivals, taps)

    def _settle(self, target: Tensor, wide: dict[int, Tensor], rivals: list[int], taps: Taps) -> None:
        """Write the winner among the rivals into some lines; ties go to the smaller label, as with argmax."""
        target.fill_(rivals[0])
        if len(rivals) > 1:
            best = taps.along(wide[rivals[0]], 0)
            for index in rivals[1:]:
                score = taps.along(wide[index], 0)
                target.masked_fill_(score > best, index)
                torch.maximum(best, score, out=best)
        for index in rivals:
            found = target.numel() if len(rivals) == 1 else int(torch.count_nonzero(target == index))
            self.counts[index] += found
            self.counts[0] -= found


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
