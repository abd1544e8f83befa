from __future__ import annotations

import itertools

import pytest
from monai.data.utils import dense_patch_slices

from monai_app.core.errors import InputRejected
from monai_app.inference.windows import inside, plan_windows, without_air
from monai_app.transforms.volume.body import everything

SHAPE, SIZE = (40, 25, 33), (16, 16, 16)


def test_positions_are_those_of_monai() -> None:
    plan = plan_windows(SHAPE, SIZE, overlap=0.5, order=(2, 0, 1), box=everything(SHAPE))
    usual = {tuple(side.start for side in window) for window in dense_patch_slices(SHAPE, SIZE, (8, 8, 8))}
    assert set(plan.starts) == usual
    assert [start[2] for start in plan.starts] == sorted(start[2] for start in plan.starts)


@pytest.mark.parametrize(
    "box", [(slice(3, 9), slice(0, 25), slice(20, 33)), (slice(30, 40), slice(2, 4), slice(1, 32))]
)
def test_every_voxel_of_the_box_is_seen_from_within_the_grid(box: tuple[slice, slice, slice]) -> None:
    plan = plan_windows(SHAPE, SIZE, overlap=0.25, order=(0, 1, 2), box=box)
    seen = set()
    for start in plan.starts:
        assert all(at >= 0 and at + 16 <= have for at, have in zip(start, SHAPE, strict=True))
        seen |= set(itertools.product(*(range(side.start, side.stop) for side in inside(start, plan))))
    assert seen >= set(itertools.product(*(range(side.start, side.stop) for side in box)))


def test_a_grid_smaller_than_a_window_lies_in_its_middle() -> None:
    plan = plan_windows((10, 16, 5), SIZE, overlap=0.5, order=(0, 1, 2), box=everything((10, 16, 5)))
    assert plan.starts == ((-3, 0, -5),)
    assert inside(plan.starts[0], plan) == everything((10, 16, 5))


def test_windows_over_air_are_left_out_and_counted() -> None:
    plan = plan_windows(SHAPE, SIZE, overlap=0.25, order=(0, 1, 2), box=everything(SHAPE))
    kept = without_air(plan, lambda box: box[0].start == 0)
    assert {start[0] for start in kept.starts} == {0}
    assert kept.skipped == len(plan.starts) - len(kept.starts) > 0


@pytest.mark.parametrize("overlap", [-0.1, 1.0, float("nan")])
def test_an_overlap_that_is_no_share_is_refused(overlap: float) -> None:
    with pytest.raises(InputRejected, match="OVERLAP_INVALID"):
        plan_windows(SHAPE, SIZE, overlap=overlap, order=(0, 1, 2), box=everything(SHAPE))
