from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.derived import DERIVED_CHANNELS, MICROSECONDS_PER_HOUR, with_derived


def _rows(*rows: tuple[int, float, int, float]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["sample", "hours", "channel", "value"], orient="row")
    time = (pl.col("hours") * MICROSECONDS_PER_HOUR).cast(pl.Int64).alias("time_us")
    return frame.select("sample", time, "channel", pl.col("value").cast(pl.Float64))


def _values(rows: pl.DataFrame, names: list[str], wanted: str) -> list[tuple[float, float]]:
    out, channels = with_derived(rows, names)
    if wanted not in channels:
        return []
    chosen = out.filter(pl.col("channel") == channels.index(wanted)).sort("sample", "time_us")
    return [(time / MICROSECONDS_PER_HOUR, value) for time, value in chosen.select("time_us", "value").iter_rows()]


def test_shock_index_takes_the_pressure_at_its_time():
    rows = _rows((0, 1, 0, 90), (0, 1, 1, 100), (0, 2, 0, 120), (0, 2, 1, 80))
    assert _values(rows, ["heart_rate", "systolic_pressure_arterial"], "shock_index") == [(1, 0.9), (2, 1.5)]


def test_a_right_part_is_carried_only_so_long_and_never_back():
    rows = _rows((0, 1, 0, 90), (0, 2, 1, 100), (0, 2.5, 0, 100), (0, 9, 0, 110))
    assert _values(rows, ["heart_rate", "systolic_pressure_cuff"], "shock_index") == [(2.5, 1.0)]


def test_arterial_pressure_comes_before_the_cuff():
    rows = _rows((0, 1, 0, 100), (0, 1, 1, 130), (0, 2, 1, 140))
    names = ["systolic_pressure_arterial", "systolic_pressure_cuff"]
    assert _values(rows, names, "systolic_pressure") == [(1, 100), (2, 140)]


def test_oxygen_ratio_assumes_room_air_until_a_fraction_is_known():
    rows = _rows((0, 1, 0, 84), (0, 2, 1, 0.5), (0, 30, 0, 100))
    values = _values(rows, ["po2_arterial", "fraction_inspired_oxygen"], "po2_fio2_ratio")
    assert values == [(1, pytest.approx(400)), (30, 200)]


def test_samples_do_not_mix():
    rows = _rows((0, 1, 0, 90), (1, 1, 1, 100))
    assert _values(rows, ["heart_rate", "systolic_pressure_cuff"], "shock_index") == []


def test_zero_denominator_gives_no_value():
    rows = _rows((0, 1, 0, 20), (0, 1, 1, 0))
    assert _values(rows, ["urea_nitrogen", "creatinine"], "urea_creatinine_ratio") == []


def test_what_a_cohort_lacks_is_not_derived():
    rows = _rows((0, 1, 0, 20))
    out, names = with_derived(rows, ["weight"])
    assert names == ("weight",) and out.equals(rows)


def test_the_cohorts_own_channel_is_kept():
    rows = _rows((0, 1, 0, 120), (0, 1, 1, 60))
    _, names = with_derived(rows, ["systolic_pressure", "heart_rate"])
    assert names.count("systolic_pressure") == 1 and "shock_index" in names


def test_rules_use_only_what_comes_before_them():
    names = [rule.name for rule in DERIVED_CHANNELS]
    for index, rule in enumerate(DERIVED_CHANNELS):
        assert not set(rule.left + rule.right) & set(names[index:])
