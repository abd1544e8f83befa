"""Hand-made statistics of the time series: one row of numbers a sample, for gradient-boosted trees.

HAIM (Soenksen et al., npj Digit Med 2022) feeds such statistics to its trees; windows and statistics here follow
the entries of the PhysioNet / Computing in Cardiology Challenge 2012. Nothing is fitted: the numbers of a sample
depend on its own events only. A statistic without values is NaN; a count without values is zero, and NaN when the
sample has no events in any channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monai_app.cohort.derived import MICROSECONDS_PER_HOUR, with_derived
from monai_app.cohort.severity import age_points, limit_arrays, saps_points
from monai_app.cohort.spec import SeriesSpec

Floats = NDArray[np.float64]

STATISTICS = (
    "first",
    "last",
    "min",
    "max",
    "mean",
    "std",
    "count",
    "median",
    "slope",
    "hours_of_last",
    "sum",
    "change",
    "share_low",
    "share_high",
)
"""``std`` is the sample deviation; ``slope`` the least-squares slope per hour; ``hours_of_last`` hours before the
prediction time; ``change`` last minus first; ``share_low`` and ``share_high`` the shares of values beyond the limits
of :mod:`monai_app.cohort.severity`, for channels that have some."""


@dataclass(frozen=True)
class Window:
    """A part of the grid, in hours since its start, closed at both ends."""

    name: str
    start_hours: float
    end_hours: float


@dataclass(frozen=True)
class StatisticsTable:
    """Named columns of numbers.

    Attributes:
        values: (N, F) float32, NaN where there is nothing to say.
        names: the F names, ``<channel>/<statistic>/<window>``.
    """

    values: NDArray[np.float32]
    names: tuple[str, ...]


def windows(hours: float) -> tuple[Window, ...]:
    """Whole grid, second half, last 8 h, first 12 h; those as long as the grid itself are left out."""
    proposed = (
        Window("whole", 0.0, hours),
        Window("second_half", hours / 2, hours),
        Window("last_8_h", hours - 8, hours),
        Window("first_12_h", 0.0, 12.0),
    )
    kept: list[Window] = []
    for window in proposed:
        shorter = window.end_hours - window.start_hours < hours
        known = any((w.start_hours, w.end_hours) == (window.start_hours, window.end_hours) for w in kept)
        if not kept or (shorter and not known):
            kept.append(window)
    return tuple(kept)


def event_statistics(events: pl.LazyFrame, spec: SeriesSpec, n_samples: int) -> StatisticsTable:
    """Windowed statistics of every channel and derived channel.

    Args:
        events: visible events with sample (0 .. n_samples - 1), prediction_time, time, code, numeric_value and,
            where there is one, censored; see :func:`monai_app.cohort.samples.visible_events`.
        spec: channels with their ranges; values outside are not read.
        n_samples: N.
    """
    rows, names = with_derived(channel_rows(events, spec), [channel.name for channel in spec.channels])
    units = {channel.name: channel.unit for channel in spec.channels}
    ordered = rows.sort("sample", "channel", "time_us", "value")
    sample, channel, value = (ordered[name].to_numpy() for name in ("sample", "channel", "value"))
    hours = ordered["time_us"].to_numpy() / MICROSECONDS_PER_HOUR
    low, high = limit_arrays(names, units)
    beyond = (
        np.where(np.isnan(low[channel]), np.nan, value < low[channel]),
        np.where(np.isnan(high[channel]), np.nan, value > high[channel]),
    )
    seen = np.bincount(sample, minlength=n_samples) > 0
    parts, columns = [], []
    for window in windows(spec.hours):
        inside = (hours >= window.start_hours) & (hours <= window.end_hours)
        cells, table = _grouped(
            sample[inside] * len(names) + channel[inside],
            spec.hours - hours[inside],
            value[inside],
            (beyond[0][inside], beyond[1][inside]),
        )
        block = np.full((n_samples, len(names), len(STATISTICS)), np.nan)
        block.reshape(-1, len(STATISTICS))[cells] = table
        count = block[:, :, STATISTICS.index("count")]
        count[np.isnan(count) & seen[:, None]] = 0
        values, labels = _window_columns(block, names, (low, high))
        points = saps_points(dict(zip(labels, values.T, strict=True)), units)
        if points is not None:
            values, labels = np.column_stack([values, np.where(seen, points, np.nan)]), [*labels, "saps2_points/sum"]
        parts.append(values)
        columns += [f"{label}/{window.name}" for label in labels]
    return StatisticsTable(np.concatenate(parts, axis=1).astype(np.float32), tuple(columns))


def _window_columns(block: Floats, names: tuple[str, ...], limits: tuple[Floats, Floats]) -> tuple[Floats, list[str]]:
    """A block (N, C, S) as columns: no shares for channels without limits; totals over channels behind."""
    kept = np.ones(block.shape[1:], dtype=np.bool_)
    kept[:, STATISTICS.index("share_low")] = ~np.isnan(limits[0])
    kept[:, STATISTICS.index("share_high")] = ~np.isnan(limits[1])
    labels = [f"{name}/{statistic}" for name in names for statistic in STATISTICS]
    chosen = [label for label, keep in zip(labels, kept.ravel(), strict=True) if keep]
    count = block[:, :, STATISTICS.index("count")]
    totals = np.column_stack([count.sum(axis=1), np.where(np.isnan(count), np.nan, count > 0).sum(axis=1)])
    return np.column_stack([block[:, kept], totals]), [*chosen, "all_channels/count", "all_channels/channels"]


def channel_rows(events: pl.LazyFrame, spec: SeriesSpec) -> pl.DataFrame:
    """Events as sample, time_us since the grid's start, channel index and value; static and censored ones left out."""
    schema = {"code": pl.String, "channel": pl.Int64, "low": pl.Float64, "high": pl.Float64}
    known = [
        (code, index, channel.low, channel.high)
        for index, channel in enumerate(spec.channels)
        for code in dict.fromkeys(channel.codes)
    ]
    counted = events.filter(pl.col("time").is_not_null() & pl.col("numeric_value").is_not_null())
    if "censored" in events.collect_schema().names():
        counted = counted.filter(pl.col("censored").fill_null(0) == 0)
    length_us = round(spec.hours * MICROSECONDS_PER_HOUR)
    age_us = (pl.col("prediction_time") - pl.col("time")).dt.total_microseconds()
    value = pl.col("value")
    return (
        counted.select(
            pl.col("sample").cast(pl.Int64),
            (length_us - age_us).alias("time_us"),
            "code",
            pl.col("numeric_value").cast(pl.Float64).alias("value"),
        )
        .filter(pl.col("time_us").is_between(0, length_us))
        .join(pl.LazyFrame(known, schema=schema, orient="row"), on="code")
        .filter(value.is_finite() & (value >= pl.col("low").fill_null(-np.inf)))
        .filter(value <= pl.col("high").fill_null(np.inf))
        .select("sample", "time_us", "channel", "value")
        .collect()
    )


def _grouped(
    cell: NDArray[np.int64], age_hours: Floats, value: Floats, beyond: tuple[Floats, Floats]
) -> tuple[NDArray[np.int64], Floats]:
    """Statistics of each cell of rows sorted by cell and time: the cells (G,) and a table (G, statistics)."""
    if not cell.size:
        return np.zeros(0, np.int64), np.zeros((0, len(STATISTICS)))
    starts = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]]))
    ends = np.append(starts[1:], cell.size)
    count = ends - starts

    def total(column: Floats) -> Floats:
        return np.asarray(np.add.reduceat(column, starts), np.float64)

    mean, mean_hours = total(value) / count, total(age_hours) / count
    centred, centred_hours = value - np.repeat(mean, count), np.repeat(mean_hours, count) - age_hours
    spread = total(centred_hours**2)
    first, last = value[starts], value[ends - 1]
    columns = {
        "first": first,
        "last": last,
        "min": np.minimum.reduceat(value, starts),
        "max": np.maximum.reduceat(value, starts),
        "mean": mean,
        "std": _divided(total(centred**2), count - 1, where=count > 1) ** 0.5,
        "count": count.astype(np.float64),
        "median": _medians(cell, value, starts, ends),
        "slope": _divided(total(centred * centred_hours), spread, where=spread > 1e-6),
        "hours_of_last": age_hours[ends - 1],
        "sum": total(value),
        "change": np.where(count > 1, last - first, np.nan),
        "share_low": total(beyond[0]) / count,
        "share_high": total(beyond[1]) / count,
    }
    return cell[starts], np.stack([columns[name] for name in STATISTICS], axis=1)


def _medians(cell: NDArray[np.int64], value: Floats, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Floats:
    ranked = value[np.lexsort((value, cell))]
    middle = (starts + ends - 1) // 2
    return np.asarray((ranked[middle] + ranked[(starts + ends) // 2]) / 2, np.float64)


def _divided(numerator: Floats, denominator: NDArray[np.generic], *, where: NDArray[np.bool_]) -> Floats:
    quotient: Floats = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=where)
    return quotient


USUAL_WEIGHT_KG = 80.0
"""Divides amounts where the weight is unknown: an adult in intensive care."""


def with_body(table: StatisticsTable, spec: SeriesSpec, age_years: Floats, weight_kg: Floats) -> StatisticsTable:
    """Add what trees find only slowly: severity points with and times the age, amounts per kilogram and hour.

    Args:
        table: of :func:`event_statistics`.
        spec: its channels; those that are summed up (urine) are amounts.
        age_years: (N,), NaN unknown.
        weight_kg: (N,), NaN unknown.
    """
    amounts = [channel.name for channel in spec.channels if channel.aggregate == "sum"]
    column = {name: table.values[:, index].astype(np.float64) for index, name in enumerate(table.names)}
    weight = np.where(np.isnan(weight_kg), USUAL_WEIGHT_KG, weight_kg)
    added: dict[str, Floats] = {}
    for window in windows(spec.hours):
        if (points := column.get(f"saps2_points/sum/{window.name}")) is not None:
            added[f"saps2_points/with_age/{window.name}"] = points + age_points(age_years)
            added[f"saps2_points/times_age/{window.name}"] = points * age_years
        for name in amounts:
            rate = column[f"{name}/sum/{window.name}"] / weight / (window.end_hours - window.start_hours)
            added[f"{name}/per_kg_and_hour/{window.name}"] = rate
    values = np.column_stack([table.values, *added.values()]) if added else table.values
    return StatisticsTable(values.astype(np.float32), (*table.names, *added))
