"""Time shift: the same observations at other times; what leaves the grid is lost."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.spec import SeriesSpec
from monai_app.transforms.corruption.series import observations
from monai_app.transforms.corruption.time_shift import TimeShiftd
from tests.transforms.corruption.samples import SERIES, corrupted, series

SHIFT = TimeShiftd("series", 3, series=SERIES)


@pytest.mark.parametrize(
    ("steps", "kept", "moved"), [(4, slice(None, -4), slice(4, None)), (-4, slice(4, None), slice(None, -4))]
)
def test_observations_move_by_whole_steps(steps: int, kept: slice, moved: slice) -> None:
    shifted = observations(SHIFT.apply(series(), {"steps": steps}))
    np.testing.assert_array_equal(shifted[moved], observations(series())[kept])
    assert np.isfinite(shifted).sum() == np.isfinite(shifted[moved]).sum()


def test_both_directions_are_drawn() -> None:
    assert {corrupted(SHIFT, seed)[1]["steps"] for seed in range(12)} == {4, -4}


def test_shift_is_in_hours_whatever_the_step() -> None:
    coarse = SeriesSpec(hours=24, step_hours=2, channels=SERIES.channels)
    observed = np.ones((12, 6), np.float32)
    draws = [TimeShiftd("series", 3, series=coarse).draw_observed(np.random.default_rng(s), observed) for s in range(4)]
    assert {abs(draw["steps"]) for draw in draws} == {2}
