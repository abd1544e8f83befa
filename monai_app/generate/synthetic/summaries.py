"""Series as summaries of each channel and back: count, level, slope, spread, and when measurements are taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.generate.synthetic.columns import SUMMARIES
from monai_app.generate.synthetic.marginal import FEWEST, Floats, written_decimals

_KNOTS = 201
_FEWEST_FOR_SLOPE = 3


@dataclass(frozen=True)
class ChannelHabit:
    """How a channel is written, whoever the patient.

    Attributes:
        code: the code that most events have.
        ages: hours before the prediction time of measurements, 201 quantiles.
        decimals: of its values.
        low: lowest value drawn; the 5th lowest of training, so that no patient's extreme stands in it.
        high: highest value drawn, likewise.
    """

    code: str
    ages: Floats
    decimals: int
    low: float
    high: float


def channel_events(events: pl.LazyFrame, spec: SeriesSpec) -> pl.DataFrame:
    """Measured values inside the window and the channels' ranges: sample, channel, code, age (hours), value, sorted."""
    places = {code: place for place, channel in enumerate(spec.channels) for code in channel.codes}
    age = (pl.col("prediction_time") - pl.col("time")).dt.total_microseconds() / 3.6e9
    rows = (
        events.filter(pl.col("code").is_in(list(places)) & pl.col("numeric_value").is_finite())
        .filter(pl.col("time").is_not_null() & (pl.col("censored").fill_null(0) == 0))
        .select(
            "sample",
            "code",
            pl.col("code").replace_strict(places, return_dtype=pl.Int64).alias("channel"),
            age.alias("age"),
            pl.col("numeric_value").cast(pl.Float64).alias("value"),
        )
        .filter((pl.col("age") >= 0) & (pl.col("age") < spec.hours))
        .collect()
    )
    limits = pl.DataFrame(
        [(place, c.low, c.high) for place, c in enumerate(spec.channels)],
        schema={"channel": pl.Int64, "low": pl.Float64, "high": pl.Float64},
        orient="row",
    )
    inside = (pl.col("value") >= pl.col("low").fill_null(-np.inf)) & (
        pl.col("value") <= pl.col("high").fill_null(np.inf)
    )
    kept = rows.join(limits, on="channel").filter(inside).drop("low", "high")
    return kept.sort("sample", "channel", "age", "value", "code")


def summarise(events: pl.DataFrame, spec: SeriesSpec, n_samples: int) -> Floats:
    """(N, 4 C) of each channel's SUMMARIES; all NaN for a sample without any event, level NaN without a value.

    Args:
        events: from :func:`channel_events`.
        n_samples: N.
    """
    hours, age, value = spec.hours, pl.col("age"), pl.col("value")
    slope = pl.when(age.var() > 0).then(-pl.cov(age, value) / age.var() * hours)
    enough = pl.len() >= _FEWEST_FOR_SLOPE
    residual = (value.var() - pl.cov(age, value) ** 2 / age.var()).clip(lower_bound=0.0).sqrt()
    rows = events.group_by("sample", "channel").agg(
        pl.len().cast(pl.Float64).alias("count"),
        value.mean().alias("level"),
        pl.when(enough).then(slope).alias("slope"),
        pl.when(enough & (age.var() > 0)).then(residual).alias("spread"),
    )
    summaries = np.full((n_samples, len(spec.channels), len(SUMMARIES)), np.nan)
    summaries[events["sample"].unique().to_numpy(), :, 0] = 0.0
    filled = rows.select(SUMMARIES).to_numpy().astype(np.float64)
    summaries[rows["sample"].to_numpy(), rows["channel"].to_numpy()] = filled
    return summaries.reshape(n_samples, -1)


def channel_habits(events: pl.DataFrame, spec: SeriesSpec) -> tuple[ChannelHabit, ...]:
    """How each channel is written."""
    return tuple(
        _habit(events.filter(pl.col("channel") == place), channel) for place, channel in enumerate(spec.channels)
    )


def _habit(events: pl.DataFrame, channel: Channel) -> ChannelHabit:
    if events.is_empty():
        return ChannelHabit(channel.codes[0], np.zeros(_KNOTS), 0, 0.0, 0.0)
    counts = events["code"].value_counts().sort(["count", "code"], descending=[True, False])
    values = np.sort(events["value"].to_numpy())
    rank = min(FEWEST, len(values)) - 1
    return ChannelHabit(
        str(counts["code"][0]),
        np.quantile(events["age"].to_numpy(), np.linspace(0, 1, _KNOTS)),
        written_decimals(values),
        float(min(values[rank], values[-1 - rank])),
        float(max(values[rank], values[-1 - rank])),
    )


def redraw(
    summary: Floats, habit: ChannelHabit, hours: float, generator: np.random.Generator
) -> tuple[Floats, NDArray[np.float32]]:
    """Ages (E,) in hours before the prediction time and values (E,) with a channel's summaries (4,).

    Measurements lie around a straight line with independent normal deviations; ages are whole minutes.
    """
    count = 0 if not np.isfinite(summary[0]) else max(int(summary[0]), 0)
    level, slope, spread = np.nan_to_num(summary[1:])
    knots = np.linspace(0, 1, len(habit.ages))
    ages = np.sort(np.floor(np.interp(generator.random(count), knots, habit.ages) * 60) / 60)
    deviation = max(spread, 0.0) * generator.standard_normal(count)
    centre = ages.mean() if count else 0.0
    values = level - slope * (ages - centre) / hours + deviation
    written = np.round(np.clip(values, habit.low, habit.high), habit.decimals)
    return ages, written.astype(np.float32)
