"""Severity of illness from windowed statistics: clinical limits of channels and SAPS II points.

SAPS II: Le Gall, Lemeshow, Saulnier, JAMA 1993, table 3, the physiological items that a time series can give, and age
(type of admission and chronic disease are not part of it; ventilation is not asked for the P/F item). It is a feature,
not a score to report: what was never measured counts as normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """Limits beyond which a measurement counts as abnormal; applied only to channels in this unit (None: derived)."""

    unit: str | None
    low: float = float("nan")
    high: float = float("nan")


LIMITS: Mapping[str, Limits] = {
    "heart_rate": Limits("/min", 50, 110),
    "systolic_pressure": Limits(None, 90, 180),
    "mean_pressure": Limits(None, 65, 120),
    "shock_index": Limits(None, high=1.0),
    "respiratory_rate": Limits("/min", 8, 25),
    "oxygen_saturation_arterial": Limits("%", 90),
    "oxygen_saturation": Limits("%", 90),
    "fraction_inspired_oxygen": Limits("1", high=0.61),
    "po2_fio2_ratio": Limits(None, 200, 300),
    "ph_arterial": Limits("[pH]", 7.3, 7.5),
    "lactate": Limits("mmol/L", high=4),
    "glasgow_coma_scale": Limits("{score}", 8.5, 14.5),
    "temperature": Limits("Cel", 36, 38),
    "urine_output": Limits("mL", 30),
    "glucose": Limits("mg/dL", 70, 180),
}
"""By channel; ``share_low`` and ``share_high`` are the shares of measurements strictly beyond them."""


@dataclass(frozen=True)
class SapsBand:
    """Points of one SAPS II item.

    Attributes:
        item: bands of the same item do not add up: the worse one counts.
        channels: the first one the cohort has is read.
        unit: UCUM unit the cuts are in; None for derived channels.
        statistic: the worst value, ``min`` or ``max``.
        cuts: ascending; ``points[i]`` for values in [cuts[i - 1], cuts[i]).
        points: one more than cuts.
    """

    item: str
    channels: tuple[str, ...]
    unit: str | None
    statistic: str
    cuts: tuple[float, ...]
    points: tuple[float, ...]


SAPS_BANDS = (
    SapsBand("heart rate", ("heart_rate",), "/min", "min", (40, 70), (11, 2, 0)),
    SapsBand("heart rate", ("heart_rate",), "/min", "max", (120, 160), (0, 4, 7)),
    SapsBand("systolic pressure", ("systolic_pressure",), None, "min", (70, 100), (13, 5, 0)),
    SapsBand("systolic pressure", ("systolic_pressure",), None, "max", (200,), (0, 2)),
    SapsBand("temperature", ("temperature",), "Cel", "max", (39,), (0, 3)),
    SapsBand("P/F", ("po2_fio2_ratio",), None, "min", (100, 200), (11, 9, 6)),
    SapsBand("urea nitrogen", ("urea_nitrogen",), "mg/dL", "max", (28, 84), (0, 6, 10)),
    SapsBand("leukocytes", ("leukocytes",), "10*3/uL", "min", (1,), (12, 0)),
    SapsBand("leukocytes", ("leukocytes",), "10*3/uL", "max", (20,), (0, 3)),
    SapsBand("potassium", ("potassium",), "mmol/L", "min", (3,), (3, 0)),
    SapsBand("potassium", ("potassium",), "mmol/L", "max", (5,), (0, 3)),
    SapsBand("sodium", ("sodium",), "mmol/L", "min", (125,), (5, 0)),
    SapsBand("sodium", ("sodium",), "mmol/L", "max", (145,), (0, 1)),
    SapsBand("bicarbonate", ("bicarbonate",), "mmol/L", "min", (15, 20), (6, 3, 0)),
    SapsBand("bilirubin", ("bilirubin_total",), "mg/dL", "max", (4, 6), (0, 4, 9)),
    SapsBand("coma scale", ("glasgow_coma_scale",), "{score}", "min", (6, 9, 11, 14), (26, 13, 7, 5, 0)),
)


AGE_CUTS_YEARS = (40, 60, 70, 75, 80)
AGE_POINTS = (0, 7, 12, 15, 16, 18)


def age_points(age_years: Floats) -> Floats:
    """SAPS II points of ages (N,); an unknown age has none."""
    points = np.asarray(AGE_POINTS, dtype=np.float64)[np.digitize(np.nan_to_num(age_years), AGE_CUTS_YEARS)]
    return np.where(np.isnan(age_years), 0.0, points)


def limit_arrays(names: tuple[str, ...], units: Mapping[str, str]) -> tuple[Floats, Floats]:
    """Lower and upper limits of channels, NaN where there are none or the unit is another one.

    Args:
        names: the C channels.
        units: unit by channel; derived ones are not in it.

    Returns:
        Two arrays (C,).
    """
    found = [LIMITS.get(name) for name in names]
    usable = [
        limit if limit and limit.unit == units.get(name) else None for name, limit in zip(names, found, strict=True)
    ]
    low = np.array([limit.low if limit else np.nan for limit in usable])
    return low, np.array([limit.high if limit else np.nan for limit in usable])


def saps_points(columns: Mapping[str, Floats], units: Mapping[str, str]) -> Floats | None:
    """SAPS II points (N,) from the worst values of a window.

    Args:
        columns: ``<channel>/<statistic>`` -> (N,), NaN where not measured.
        units: unit by channel; derived ones are not in it.

    Returns:
        None when the cohort has none of the items.
    """
    items: dict[str, Floats] = {}
    for band in SAPS_BANDS:
        channel = next((name for name in band.channels if f"{name}/{band.statistic}" in columns), None)
        if channel is None or units.get(channel) != band.unit:
            continue
        value = columns[f"{channel}/{band.statistic}"]
        points = np.asarray(band.points)[np.digitize(np.nan_to_num(value), band.cuts)]
        scored = np.where(np.isnan(value), 0.0, points)
        items[band.item] = np.maximum(items.get(band.item, np.zeros_like(scored)), scored)
    return np.sum(list(items.values()), axis=0) if items else None
