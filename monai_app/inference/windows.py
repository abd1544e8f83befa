"""Which windows a network sees: MONAI's dense positions inside a box, without those over air, sorted for streaming."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from monai.data.utils import dense_patch_slices

from monai_app.inference.model import overlap_invalid
from monai_app.transforms.volume.body import Box

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class WindowPlan:
    """Windows over a box of the network's grid.

    Attributes:
        size: network voxels of a window.
        order: network axes; windows advance along the first, and slabs are cut across it.
        shape: of the grid.
        box: network voxels that windows cover.
        starts: first voxel of every window, ascending along ``order[0]``; negative where the grid is smaller than a
            window and zeros are seen around it.
        skipped: windows left out because they would see nothing but air.
    """

    size: Triple
    order: Triple
    shape: Triple
    box: Box
    starts: tuple[Triple, ...]
    skipped: int = 0

    @property
    def halo(self) -> Box:
        """The box and one voxel around it, within the grid: where interpolation can meet something in the box."""
        sides = [
            slice(max(side.start - 1, 0), min(side.stop + 1, size))
            for side, size in zip(self.box, self.shape, strict=True)
        ]
        return sides[0], sides[1], sides[2]


def plan_windows(shape: Triple, size: Triple, *, overlap: float, order: Triple, box: Box) -> WindowPlan:
    """Windows as MONAI's ``sliding_window_inference`` lays them, inside a box.

    Args:
        shape: of the network's grid.
        size: of a window; a component that is not positive takes the grid's.
        overlap: share of a window that its neighbour along an axis sees too, in [0, 1).
        box: what has to be covered; it grows to the size of a window where the grid has room.

    Raises:
        InputRejected: ``OVERLAP_INVALID``.
    """
    if not 0.0 <= overlap < 1.0:
        raise overlap_invalid(overlap)
    window = tuple(want if want > 0 else have for want, have in zip(size, shape, strict=True))
    sides = [_grown(side, want, have) for side, want, have in zip(box, window, shape, strict=True)]
    extent = [max(side.stop - side.start, want) for side, want in zip(sides, window, strict=True)]
    interval = [
        want if want == length else max(int(want * (1 - overlap)), 1)
        for want, length in zip(window, extent, strict=True)
    ]
    # half of what is missing comes before the volume and the rest behind it
    first = [side.start - (length - (side.stop - side.start)) // 2 for side, length in zip(sides, extent, strict=True)]
    slices = dense_patch_slices(extent, window, interval)
    starts = [tuple(part.start + at for part, at in zip(parts, first, strict=True)) for parts in slices]
    starts.sort(key=lambda start: [start[axis] for axis in order])
    return WindowPlan(window, order, shape, (sides[0], sides[1], sides[2]), tuple(starts))  # type: ignore[arg-type]


def _grown(side: slice, want: int, have: int) -> slice:
    """A side that is at least a window long, where the grid is."""
    length = min(want, have)
    if side.stop - side.start >= length:
        return side
    start = min(max(side.start - (length - (side.stop - side.start)) // 2, 0), have - length)
    return slice(start, start + length)


def without_air(plan: WindowPlan, touches_body: Callable[[Box], bool]) -> WindowPlan:
    """The plan without the windows that see air only."""
    kept = [start for start in plan.starts if touches_body(inside(start, plan))]
    return replace(plan, starts=tuple(kept), skipped=len(plan.starts) - len(kept))


def inside(start: Sequence[int], plan: WindowPlan) -> Box:
    """The part of a window that lies on the grid."""
    sides = [
        slice(max(at, 0), min(at + length, have)) for at, length, have in zip(start, plan.size, plan.shape, strict=True)
    ]
    return sides[0], sides[1], sides[2]
