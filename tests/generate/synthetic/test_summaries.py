from __future__ import annotations

import numpy as np
import polars as pl

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.generate.synthetic.summaries import ChannelHabit, channel_habits, redraw, summarise

SPEC = SeriesSpec(
    hours=10, channels=(Channel(name="a", codes=("A", "B"), unit="1"), Channel(name="c", codes=("C",), unit="1"))
)
HABIT = ChannelHabit("A", np.linspace(0, 10, 201), 3, -1e3, 1e3)


def measured(sample: int, ages: np.ndarray, values: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"sample": [sample] * len(ages), "channel": 0, "code": "B", "age": ages, "value": values},
                        schema_overrides={"sample": pl.Int64, "channel": pl.Int64})  # fmt: skip


def test_a_straight_line_has_its_slope_and_no_spread() -> None:
    ages = np.array([8.0, 6.0, 3.0, 1.0])
    count, level, slope, spread = summarise(measured(0, ages, 5.0 - 0.2 * ages), SPEC, 1)[0, :4]
    assert count == 4 and np.isclose(level, 4.1)
    assert np.isclose(slope, 2.0) and np.isclose(spread, 0.0, atol=1e-6)


def test_a_channel_without_a_value_is_counted_zero_and_a_sample_without_any_is_unknown() -> None:
    summaries = summarise(measured(1, np.ones(1), np.ones(1)), SPEC, 2)
    assert np.isnan(summaries[0]).all()
    assert summaries[1, [0, 1, 4]].tolist() == [1.0, 1.0, 0.0] and np.isnan(summaries[1, [2, 3, 5]]).all()


def test_what_is_redrawn_has_the_summaries_that_were_asked_for() -> None:
    ages, values = redraw(np.array([4000.0, 20.0, 6.0, 1.5]), HABIT, 10.0, np.random.default_rng(0))
    count, level, slope, spread = summarise(measured(0, ages, values.astype(float)), SPEC, 1)[0, :4]
    np.testing.assert_allclose([count, level, slope, spread], [4000, 20, 6, 1.5], atol=0.15)


def test_values_stay_within_the_habit_and_have_its_decimals() -> None:
    habit = ChannelHabit("A", np.linspace(0, 10, 201), 1, 18.0, 22.0)
    _, values = redraw(np.array([500.0, 20.0, 6.0, 9.0]), habit, 10.0, np.random.default_rng(0))
    assert values.min() >= 18 and values.max() <= 22
    np.testing.assert_allclose(values, np.round(values.astype(float), 1), atol=1e-5)


def test_nothing_is_drawn_of_what_was_not_measured() -> None:
    for count in (0.0, np.nan):
        ages, values = redraw(np.array([count, 1.0, 1.0, 1.0]), HABIT, 10.0, np.random.default_rng(0))
        assert ages.size == values.size == 0


def test_a_habit_knows_the_usual_code_and_no_extreme_of_one_patient() -> None:
    habit = channel_habits(measured(0, np.linspace(0.1, 9, 100), np.append(np.arange(99.0), 1e6)), SPEC)[0]
    assert habit.code == "B" and (habit.low, habit.high) == (4.0, 95.0) and habit.decimals == 0
