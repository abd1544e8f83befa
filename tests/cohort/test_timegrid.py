"""Time grid: against a slow reference, and what may not matter to it."""

from __future__ import annotations

import datetime as dt
import math
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.cohort.timegrid import TimeGrid, check_units, time_grid
from monai_app.core.errors import InputRejected

PREDICTION = dt.datetime(2000, 1, 3)
SPEC = SeriesSpec(
    hours=6,
    step_hours=1.5,
    channels=(
        Channel(name="mean", codes=("A", "A2"), unit="1", low=-50, high=50),
        Channel(name="last", codes=("A", "B"), unit="1", aggregate="last"),
        Channel(name="sum", codes=("A",), unit="1", aggregate="sum"),
        Channel(name="max", codes=("B", "A2"), unit="1", high=0, aggregate="max"),
    ),
)
SCHEMA = {
    "sample": pl.Int64,
    "time": pl.Datetime("us"),
    "code": pl.String,
    "numeric_value": pl.Float32,
    "prediction_time": pl.Datetime("us"),
    "censored": pl.Int8,
}


def event(hours_before: float | None, code: str, value: float | None, *, sample: int = 0, censored: int = 0) -> tuple:
    time = None if hours_before is None else PREDICTION - dt.timedelta(hours=hours_before)
    return sample, time, code, value, PREDICTION, censored


def frame(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def grid_of(rows: list[tuple] | pl.DataFrame, n_samples: int = 1, spec: SeriesSpec = SPEC) -> TimeGrid:
    table = rows if isinstance(rows, pl.DataFrame) else frame(rows)
    return time_grid(table.lazy(), spec, n_samples)


def random_events(*, n: int, n_samples: int, scale: float = 1.0) -> pl.DataFrame:
    """Many rows a cell, many equal times, magnitudes that make float sums depend on their order."""
    rng = np.random.default_rng(0)
    quarter_hours = rng.integers(-4, 40, n)
    values = rng.normal(size=n) * scale ** rng.integers(-1, 2, n)
    rows = zip(
        quarter_hours, rng.choice(["A", "A2", "B", "other"], n), values, rng.integers(n_samples, size=n), strict=True
    )
    return frame([event(q / 4, str(c), float(v), sample=int(s)) for q, c, v, s in rows])


def same_bytes(one: TimeGrid, other: TimeGrid) -> bool:
    return all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in ("values", "mask", "hours_since")
    )


def slow_grid(rows: pl.DataFrame, spec: SeriesSpec, n_samples: int) -> np.ndarray:
    """The definition, one event at a time: (3, N, T, C)."""
    out = np.full((3, n_samples, spec.steps, len(spec.channels)), np.nan, np.float32)
    for sample in range(n_samples):
        for c, channel in enumerate(spec.channels):
            last_value, last_step = math.nan, None
            for t in range(spec.steps):
                found = []
                for s, time, code, value, prediction, censored in rows.iter_rows():
                    before = (prediction - time) / dt.timedelta(hours=1)
                    end = (spec.steps - 1 - t) * spec.step_hours
                    if (
                        s != sample
                        or code not in channel.codes
                        or not end <= before < end + spec.step_hours
                        or censored
                    ):
                        continue
                    if (channel.low is None or value >= channel.low) and (
                        channel.high is None or value <= channel.high
                    ):
                        found.append((-before, value))
                if found:
                    values = [value for _, value in found]
                    last_value, last_step = (
                        {
                            "mean": math.fsum(values) / len(values),
                            "last": max(found)[1],
                            "sum": math.fsum(values),
                            "max": max(values),
                        }[channel.aggregate],
                        t,
                    )
                since = spec.hours if last_step is None else (t - last_step) * spec.step_hours
                out[:, sample, t, c] = last_value, bool(found), since
    return out


def test_equals_the_slow_reference():
    rows = random_events(n=400, n_samples=3)
    grid, slow = grid_of(rows, 3), slow_grid(rows, SPEC, 3)
    np.testing.assert_allclose(grid.values, slow[0], rtol=1e-6)
    np.testing.assert_array_equal(grid.mask, slow[1])
    np.testing.assert_array_equal(grid.hours_since, slow[2])


@pytest.mark.parametrize("scale", [1.0, 1e6], ids=["exact sums", "sorted sums"])
def test_row_order_changes_no_bit(scale):
    rows = random_events(n=2000, n_samples=2, scale=scale)
    grids = [grid_of(rows.sample(fraction=1, shuffle=True, seed=seed), 2) for seed in range(5)]
    assert all(same_bytes(grids[0], grid) for grid in grids[1:])


def test_sums_that_cancel_do_not_depend_on_row_order():
    values = (1e20, 3.0, -1e20, 1.0)
    found = {float(grid_of([event(0, "A", v) for v in order]).values[0, -1, 2]) for order in permutations(values)}
    assert len(found) == 1


def test_samples_do_not_touch_each_other():
    rows = random_events(n=500, n_samples=4)
    whole, alone = grid_of(rows, 4), grid_of(rows.filter(sample=2).with_columns(sample=pl.lit(0, pl.Int64)))
    assert whole.values[2].tobytes() == alone.values[0].tobytes()


def test_an_event_after_the_prediction_time_changes_nothing():
    rows = random_events(n=50, n_samples=1)
    later = pl.concat([rows, frame([event(-1e-6, "A", 40.0), event(-24, "B", -3.0)])])
    assert same_bytes(grid_of(rows), grid_of(later))


@pytest.mark.parametrize(
    "ignored",
    [
        event(None, "A", 1.0),
        event(1, "A", None, censored=1),
        event(1, "A", 1.0, censored=-1),
        event(6, "A", 1.0),
        event(1, "unheard of", 1.0),
    ],
    ids=["static", "censored", "censored with a value", "before the grid", "unknown code"],
)
def test_events_that_do_not_count(ignored):
    assert same_bytes(grid_of([ignored]), grid_of([]))


def test_no_event_gives_nan_unmasked_and_the_whole_window():
    grid = grid_of([], 2)
    assert np.isnan(grid.values).all() and not grid.mask.any() and (grid.hours_since == SPEC.hours).all()


def test_one_event_fills_forward_only():
    grid = grid_of([event(3.1, "A", 2.0)])
    np.testing.assert_array_equal(grid.values[0, :, 0], [np.nan, 2, 2, 2])
    np.testing.assert_array_equal(grid.mask[0, :, 0], [False, True, False, False])
    np.testing.assert_array_equal(grid.hours_since[0, :, 0], [6, 0, 1.5, 3])


def test_steps_are_open_at_their_start_and_closed_at_their_end():
    steps = [
        int(np.flatnonzero(grid_of([event(hours, "B", -1.0)]).mask[0, :, 1])[0]) for hours in (0, 1.4999, 1.5, 5.9999)
    ]
    assert steps == [3, 3, 2, 0]


def test_values_outside_the_range_are_dropped_and_limits_belong_to_it():
    grid = grid_of([event(0, "A", value) for value in (-50.1, -50.0, 50.0, 50.1, 8.0)])
    assert grid.values[0, -1, 0] == np.float32(8 / 3)


def test_a_limit_without_exact_float32_belongs_to_the_range():
    spec = SeriesSpec(hours=1, channels=(Channel(name="x", codes=("A",), unit="1", low=0.1, high=8.4),))
    assert grid_of([event(0, "A", 0.1), event(0, "A", 8.4)], spec=spec).mask.all()


def test_last_takes_the_larger_of_two_at_one_time():
    rows = [event(0.5, "B", -2.0), event(0.5, "B", -1.0), event(0.6, "B", 9.0)]
    assert grid_of(rows).values[0, -1, 1] == grid_of(rows[::-1]).values[0, -1, 1] == -1


@pytest.mark.parametrize("column", ["sample", "time", "code", "numeric_value", "prediction_time"])
def test_missing_column_is_named(column):
    with pytest.raises(InputRejected, match=rf"MISSING_COLUMN.*no \['{column}'\]"):
        grid_of(frame([]).drop(column))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_refused(value):
    with pytest.raises(InputRejected, match="NOT_FINITE"):
        grid_of([event(1, "A", value)])


def test_uneven_grid_is_refused():
    with pytest.raises(InputRejected, match="GRID_UNEVEN"):
        grid_of([], spec=SPEC.model_copy(update={"step_hours": 4.0}))


def test_sample_outside_is_refused():
    with pytest.raises(InputRejected, match="SAMPLE_OUTSIDE"):
        grid_of([event(0, "A", 1.0, sample=1)], 1)


def test_wrong_unit_names_the_channel():
    codes = pl.DataFrame({"code": ["A", "A2", "B"], "unit": ["1", "mg/dL", "1"]})
    with pytest.raises(InputRejected, match=r"UNIT_MISMATCH.*\['mean', 'max'\]"):
        check_units(codes, SPEC)
    check_units(codes.filter(pl.col("code") != "A2"), SPEC)
