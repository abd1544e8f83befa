"""Time grid: irregular events become dense values, a mask and the hours since the last value, (N, T, C).

Bit for bit the same whatever the order of the rows: sums run in ascending order of value (or are exact in float64,
which is the same), ``last`` takes the latest time and then the largest value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from monai_app.cohort.spec import SeriesSpec
from monai_app.core.errors import InputRejected

MICROSECONDS_PER_HOUR = 3_600_000_000
STAYS_PER_RANGE = 1024
"""Stays scattered at once, so that the dense accumulators stay in the processor's cache."""

_EXACT_SPAN = 2.0**29
"""float64 sums of float32 are exact while count * max|v| <= min|v| * 2^29 (53 - 24 bits)."""

Rows = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class TimeGrid:
    """The grid of N samples in T steps and C channels.

    Step ``t`` covers ``(start + t * step, start + (t + 1) * step]``; the last one ends at the prediction time.

    Attributes:
        values: ``(N, T, C)`` float32, the aggregate of each step, forward-filled; NaN before the first value.
        mask: ``(N, T, C)`` bool, a value was observed in this step.
        hours_since: ``(N, T, C)`` float32, hours since the last step with a value, 0 where observed;
            ``spec.hours`` where there was none yet.
    """

    values: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]
    hours_since: npt.NDArray[np.float32]


def time_grid(events: pl.LazyFrame, spec: SeriesSpec, n_samples: int) -> TimeGrid:
    """Scatter the events of samples ``0 .. n_samples - 1`` into their grids.

    Values outside a channel's range are dropped. Static events (null time), censored ones, those later than the
    prediction time and those before the grid do not count. Units are those of the spec: see :func:`check_units`.

    Args:
        events: sample, time, code, numeric_value, prediction_time and, where there is one, censored.
        spec: the channels, their ranges and aggregates, the hours and the step.
        n_samples: N; samples without any event are all NaN.

    Raises:
        InputRejected: ``COLUMN_MISSING``, ``NOT_FINITE``, ``GRID_UNEVEN``, ``SAMPLE_OUTSIDE``.
    """
    step_us(spec)
    chosen = _channel_events(events, spec).collect()
    sample = chosen["sample"].to_numpy()
    if sample.size and (sample[0] < 0 or sample[-1] >= n_samples):
        raise InputRejected(
            "SAMPLE_OUTSIDE", "events belong to samples outside the grid", expected=f"samples below {n_samples}"
        )
    age, channel, value = (chosen[name].to_numpy() for name in ("age_us", "channel", "value"))
    shape = (n_samples, spec.steps, len(spec.channels))
    grid = TimeGrid(np.empty(shape, np.float32), np.empty(shape, np.bool_), np.empty(shape, np.float32))
    for first in range(0, n_samples, STAYS_PER_RANGE):
        stop = min(first + STAYS_PER_RANGE, n_samples)
        rows = slice(*np.searchsorted(sample, (first, stop)))
        part = scatter((sample[rows] - first, age[rows], channel[rows], value[rows]), spec, stop - first)
        grid.values[first:stop], grid.mask[first:stop], grid.hours_since[first:stop] = (
            part.values,
            part.mask,
            part.hours_since,
        )
    return grid


def check_units(codes: pl.DataFrame, spec: SeriesSpec) -> None:
    """Compare the units of a cohort's code table with those the channels expect.

    Args:
        codes: code, unit (UCUM); a null unit is taken as unknown and refused too.
        spec: the channels and their units.

    Raises:
        InputRejected: ``UNIT_MISMATCH`` naming the channels.
    """
    units = dict(codes.select("code", "unit").iter_rows())
    wrong = [
        channel.name
        for channel in spec.channels
        if any(code in units and units[code] != channel.unit for code in channel.codes)
    ]
    if wrong:
        raise InputRejected(
            "UNIT_MISMATCH",
            "channels have codes in another unit than the time grid expects",
            got=wrong,
            expected="the UCUM unit of the channel",
            remedy="Convert on ingest, or correct the unit in the cohort's YAML.",
        )


def step_us(spec: SeriesSpec) -> int:
    """Length of one step in microseconds.

    Raises:
        InputRejected: ``GRID_UNEVEN`` when the hours are no whole number of steps.
    """
    step = round(spec.step_hours * MICROSECONDS_PER_HOUR)
    if step <= 0 or spec.steps < 1 or step * spec.steps != round(spec.hours * MICROSECONDS_PER_HOUR):
        raise InputRejected(
            "GRID_UNEVEN",
            "the grid's hours are no whole number of steps",
            got=f"{spec.hours} h in steps of {spec.step_hours} h",
            expected="hours = n * step_hours",
        )
    return step


def scatter(rows: Rows, spec: SeriesSpec, n_stays: int) -> TimeGrid:
    """Scatter rows (stay, age before the prediction time in microseconds, channel, value) that lie in the grid.

    Raises:
        InputRejected: ``NOT_FINITE``.
    """
    stay, age, channel, value = rows
    shape = (n_stays, spec.steps, len(spec.channels))
    if not np.isfinite(value).all():
        raise InputRejected(
            "NOT_FINITE", "events hold NaN or infinite values", expected="numbers, or null with a censored flag"
        )
    step = spec.steps - 1 - age // step_us(spec)
    cell = (stay * spec.steps + step) * len(spec.channels) + channel
    value = value + np.float32(0)  # -0.0 becomes 0.0, so that ties between them cannot show
    count = np.bincount(cell, minlength=n_stays * spec.steps * len(spec.channels))
    out = np.full(count.size, np.nan, np.float32)
    aggregates = np.array([channel.aggregate for channel in spec.channels])
    for kind in np.unique(aggregates).tolist():
        of_kind = aggregates == kind
        if of_kind.all():
            aggregate_into(kind, out, (count > 0), count, (cell, age, value))
        else:
            here, wanted = of_kind[channel], np.tile(of_kind, count.size // of_kind.size)
            aggregate_into(kind, out, (count > 0) & wanted, count, (cell[here], age[here], value[here]))
    return _filled(out.reshape(shape), (count > 0).reshape(shape), spec)


def _channel_events(events: pl.LazyFrame, spec: SeriesSpec) -> pl.LazyFrame:
    """Sample (ascending), age_us, channel, value of the events that count."""
    names = events.collect_schema().names()
    needed = ("sample", "time", "code", "numeric_value", "prediction_time")
    if missing := [name for name in needed if name not in names]:
        raise InputRejected("COLUMN_MISSING", "the events lack columns", got=f"no {missing}", expected=list(needed))
    pairs = [
        (code, index, channel.low, channel.high)
        for index, channel in enumerate(spec.channels)
        for code in dict.fromkeys(channel.codes)
    ]
    schema = {"code": pl.String, "channel": pl.Int64, "low": pl.Float32, "high": pl.Float32}
    mapping = pl.LazyFrame(pairs, schema=schema, orient="row")
    counted = events.filter(pl.col("time").is_not_null() & pl.col("numeric_value").is_not_null())
    if "censored" in names:
        counted = counted.filter(pl.col("censored").fill_null(0) == 0)
    value = pl.col("numeric_value").cast(pl.Float32)
    age = pl.col("prediction_time").cast(pl.Datetime("us")) - pl.col("time").cast(pl.Datetime("us"))
    joined = counted.select(
        pl.col("sample").cast(pl.Int64), age.cast(pl.Int64).alias("age_us"), "code", value.alias("value")
    ).filter(pl.col("age_us").is_between(0, round(spec.hours * MICROSECONDS_PER_HOUR), closed="left"))
    above = pl.col("low").is_null() | (pl.col("value") >= pl.col("low"))
    below = pl.col("high").is_null() | (pl.col("value") <= pl.col("high"))
    inside = (above & below) | ~pl.col("value").is_finite()
    return joined.join(mapping, on="code").filter(inside).select("sample", "age_us", "channel", "value").sort("sample")


def _sums(
    cell: npt.NDArray[np.int64], value: npt.NDArray[np.float32], count: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Sum per cell in ascending order of value, skipping the sort where float64 sums are exact in any order."""
    magnitude = np.abs(value)
    smallest = float(np.min(magnitude, initial=np.inf, where=magnitude > 0))
    if float(np.max(magnitude, initial=0)) * float(count.max(initial=0)) > smallest * _EXACT_SPAN:
        order = np.lexsort((value, cell))
        cell, value = cell[order], value[order]
    return np.asarray(np.bincount(cell, weights=value, minlength=count.size), np.float64)


def aggregate_into(
    kind: str,
    out: npt.NDArray[np.float32],
    target: npt.NDArray[np.bool_],
    count: npt.NDArray[np.int64],
    rows: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]],
) -> None:
    """Write one kind of aggregate of the rows (cell, age in microseconds, value) into the target cells of ``out``."""
    cell, age, value = rows
    if kind == "mean":
        np.divide(_sums(cell, value, count), count, out=out, where=target, casting="same_kind")
        return
    if kind == "sum":
        np.copyto(out, _sums(cell, value, count), where=target, casting="same_kind")
        return
    if kind == "last":
        youngest = np.full(count.size, np.iinfo(np.int64).max)
        np.minimum.at(youngest, cell, age)
        latest = age == youngest[cell]
        cell, value = cell[latest], value[latest]
    largest = np.full(count.size, -np.inf, np.float32)
    np.maximum.at(largest, cell, value)
    np.copyto(out, largest, where=target)


def _filled(values: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], spec: SeriesSpec) -> TimeGrid:
    """Forward fill along the steps, and count the hours since."""
    hours = np.where(mask, np.float32(0), np.float32(spec.hours))
    ever = mask[:, 0].copy()
    for step in range(1, spec.steps):
        np.copyto(values[:, step], values[:, step - 1], where=~mask[:, step])
        np.add(hours[:, step - 1], np.float32(spec.step_hours), out=hours[:, step], where=ever & ~mask[:, step])
        ever |= mask[:, step]
    return TimeGrid(values, mask, hours)
