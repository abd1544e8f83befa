"""Derived channels: shock index, PaO2/FiO2, urea/creatinine and the like, from events at their exact times.

A derived value stands at the time of its left part, with the latest right part at or before it. What a cohort lacks is
left out. Field terms as in configs/cohorts/*.yaml. Shock index: Allgower and Burri 1967; P/F ratio: Ranieri et al.,
JAMA 2012 (Berlin definition).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

MICROSECONDS_PER_HOUR = 3_600_000_000


class Operation(StrEnum):
    """How the parts become one value."""

    FIRST_KNOWN = "the first part that was measured at that time"
    RATIO = "left / right"
    DIFFERENCE = "left - right"


@dataclass(frozen=True)
class DerivedChannel:
    """A channel made of others.

    Attributes:
        name: its field term.
        operation: how.
        left: channels that give the value and the time; for a ratio or difference the first one the cohort has.
        right: the other part; the first one the cohort has.
        carry_hours: how long a right part counts after it was measured (None: until the next one).
        default_right: taken where no right part is known (None: no value then).
    """

    name: str
    operation: Operation
    left: tuple[str, ...]
    right: tuple[str, ...] = ()
    carry_hours: float | None = 1.0
    default_right: float | None = None


ROOM_AIR_FIO2 = 0.21

DERIVED_CHANNELS = (
    DerivedChannel(
        "systolic_pressure",
        Operation.FIRST_KNOWN,
        ("systolic_pressure_arterial", "systolic_pressure_cuff"),
    ),
    DerivedChannel(
        "diastolic_pressure",
        Operation.FIRST_KNOWN,
        ("diastolic_pressure_arterial", "diastolic_pressure_cuff"),
    ),
    DerivedChannel("mean_pressure", Operation.FIRST_KNOWN, ("mean_pressure_arterial", "mean_pressure_cuff")),
    DerivedChannel("pulse_pressure", Operation.DIFFERENCE, ("systolic_pressure",), ("diastolic_pressure",)),
    DerivedChannel("shock_index", Operation.RATIO, ("heart_rate",), ("systolic_pressure",)),
    DerivedChannel(
        "po2_fio2_ratio",
        Operation.RATIO,
        ("po2_arterial",),
        ("fraction_inspired_oxygen",),
        carry_hours=None,
        default_right=ROOM_AIR_FIO2,
    ),
    DerivedChannel("urea_creatinine_ratio", Operation.RATIO, ("urea_nitrogen",), ("creatinine",)),
    DerivedChannel("sodium_bicarbonate_gap", Operation.DIFFERENCE, ("sodium",), ("bicarbonate",)),
)
"""In the order of evaluation: a later one may use an earlier one."""


def with_derived(
    rows: pl.DataFrame, channels: Sequence[str], derived: Sequence[DerivedChannel] = DERIVED_CHANNELS
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Append the rows of every derived channel whose parts exist.

    Args:
        rows: sample, time_us (int64), channel (index into ``channels``), value (float64).
        channels: names of the channels there are.
        derived: what to derive.

    Returns:
        All rows, and the names of all channels with the derived ones behind.
    """
    names = list(channels)
    frames = [rows]
    single = rows.sort("sample", "channel", "time_us", "value").unique(
        ["sample", "channel", "time_us"], keep="last", maintain_order=True
    )
    parts = {name: single.filter(pl.col("channel") == index).drop("channel") for index, name in enumerate(names)}
    for rule in derived:
        if rule.name in parts:
            continue
        values = _derive(rule, parts)
        if values is None:
            continue
        parts[rule.name] = values
        index = pl.lit(len(names), rows.schema["channel"]).alias("channel")
        frames.append(values.with_columns(index).select(rows.columns))
        names.append(rule.name)
    return pl.concat(frames), tuple(names)


def _derive(rule: DerivedChannel, parts: dict[str, pl.DataFrame]) -> pl.DataFrame | None:
    left = [parts[name] for name in rule.left if name in parts]
    if rule.operation is Operation.FIRST_KNOWN:
        if not left:
            return None
        return (
            pl.concat(left).unique(["sample", "time_us"], keep="first", maintain_order=True).sort("sample", "time_us")
        )
    right = [parts[name] for name in rule.right if name in parts]
    if not left or not right:
        return None
    tolerance = None if rule.carry_hours is None else round(rule.carry_hours * MICROSECONDS_PER_HOUR)
    joined = (
        left[0]
        .sort("time_us", "sample")
        .join_asof(
            right[0].sort("time_us", "sample").rename({"value": "right"}),
            on="time_us",
            by="sample",
            tolerance=tolerance,
            check_sortedness=False,
        )
    )
    if rule.default_right is not None:
        joined = joined.with_columns(pl.col("right").fill_null(rule.default_right))
    ratio = rule.operation is Operation.RATIO
    result = pl.col("value") / pl.col("right") if ratio else pl.col("value") - pl.col("right")
    usable = pl.col("right").is_not_null() & ((pl.col("right") > 0) if ratio else pl.lit(True))
    return joined.filter(usable).select("sample", "time_us", result.alias("value")).sort("sample", "time_us")
