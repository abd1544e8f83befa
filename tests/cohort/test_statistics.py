from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.cohort.statistics import STATISTICS, event_statistics, windows, with_body

END = datetime(2020, 1, 3)
SPEC = SeriesSpec(
    hours=48,
    channels=(
        Channel(name="heart_rate", codes=("HR", "PULSE"), unit="/min", low=20, high=250),
        Channel(name="urine_output", codes=("URINE",), unit="mL", aggregate="sum"),
        Channel(name="glucose", codes=("GLU",), unit="mg/dL"),
    ),
)


def _events(*rows: tuple, censored: tuple[int, ...] = ()) -> pl.LazyFrame:
    """Rows (sample, hour since the grid's start or None, code, value)."""
    times = [None if row[1] is None else END - timedelta(hours=48) + timedelta(hours=row[1]) for row in rows]
    return pl.LazyFrame(
        {
            "sample": [row[0] for row in rows],
            "time": times,
            "code": [row[2] for row in rows],
            "numeric_value": [row[3] for row in rows],
            "censored": list(censored) or [0] * len(rows),
            "prediction_time": [END] * len(rows),
        },
        schema_overrides={"time": pl.Datetime("us"), "prediction_time": pl.Datetime("us"), "numeric_value": pl.Float32},
    )


def _of(table, name: str, sample: int = 0) -> float:
    return float(table.values[sample, table.names.index(name)])


def test_hand_case():
    events = _events((0, 1, "HR", 60), (0, 3, "HR", 90), (0, 4, "HR", 120), (0, 47, "HR", 70))
    table = event_statistics(events, SPEC, 1)
    expected = {
        "first": 60,
        "last": 70,
        "min": 60,
        "max": 120,
        "mean": 85,
        "std": np.std([60, 90, 120, 70], ddof=1),
        "count": 4,
        "median": 80,
        "slope": np.polyfit([1, 3, 4, 47], [60, 90, 120, 70], 1)[0],
        "hours_of_last": 1,
        "sum": 340,
        "change": 10,
        "share_low": 0,
        "share_high": 0.25,
    }
    assert set(expected) == set(STATISTICS)
    for name, value in expected.items():
        assert _of(table, f"heart_rate/{name}/whole") == pytest.approx(value, rel=1e-6), name
    assert _of(table, "heart_rate/max/first_12_h") == 120
    assert _of(table, "heart_rate/count/second_half") == 1
    assert _of(table, "heart_rate/mean/last_8_h") == 70


def test_order_of_events_changes_nothing():
    random = np.random.default_rng(0)
    columns = (random.integers(0, 3, 60), random.integers(0, 48, 60), random.integers(50, 99, 60))
    rows = [(s, h, "HR", v) for s, h, v in zip(*(column.tolist() for column in columns), strict=True)]
    first = event_statistics(_events(*rows), SPEC, 3)
    second = event_statistics(_events(*[rows[i] for i in random.permutation(60)]), SPEC, 3)
    assert np.array_equal(first.values, second.values, equal_nan=True)


def test_a_samples_numbers_depend_on_itself_only():
    alone = event_statistics(_events((0, 5, "GLU", 200)), SPEC, 1)
    together = event_statistics(_events((0, 5, "GLU", 200), (1, 5, "GLU", 50), (1, 6, "HR", 50)), SPEC, 2)
    assert np.array_equal(alone.values[0], together.values[0], equal_nan=True)


def test_what_must_not_count_does_not_count():
    events = _events(
        (0, 10, "HR", 80),
        (0, 11, "HR", 300),
        (0, 12, "HR", None),
        (0, 13, "OTHER", 1),
        (0, None, "HR", 70),
        (0, -1, "HR", 75),
        (0, 49, "HR", 75),
        (0, 14, "HR", 90),
        censored=(0, 0, 0, 0, 0, 0, 0, 1),
    )
    table = event_statistics(events, SPEC, 1)
    assert _of(table, "heart_rate/count/whole") == 1 and _of(table, "heart_rate/mean/whole") == 80


def test_codes_of_one_channel_are_joined_and_both_ends_count():
    table = event_statistics(_events((0, 0, "HR", 80), (0, 48, "PULSE", 100)), SPEC, 1)
    assert _of(table, "heart_rate/first/whole") == 80 and _of(table, "heart_rate/last/last_8_h") == 100


def test_without_events_all_is_nan_and_with_some_counts_are_zero():
    table = event_statistics(_events((0, 1, "HR", 80)), SPEC, 2)
    assert np.isnan(table.values[1]).all()
    assert _of(table, "glucose/count/whole") == 0 and np.isnan(_of(table, "glucose/mean/whole"))
    assert _of(table, "all_channels/count/whole") == 1 and _of(table, "all_channels/channels/last_8_h") == 0


def test_no_events_at_all():
    table = event_statistics(_events((0, 1, "OTHER", 80)), SPEC, 3)
    assert table.values.shape == (3, len(table.names)) and np.isnan(table.values).all()


def test_windows_as_long_as_the_grid_are_left_out():
    assert [w.name for w in windows(48)] == ["whole", "second_half", "last_8_h", "first_12_h"]
    assert [w.name for w in windows(6)] == ["whole", "second_half"]
    assert [w.name for w in windows(16)] == ["whole", "second_half", "first_12_h"]


def test_amounts_are_divided_by_weight_and_hours():
    table = event_statistics(_events((0, 30, "URINE", 480), (1, 30, "URINE", 480)), SPEC, 2)
    body = with_body(table, SPEC, np.array([70.0, np.nan]), np.array([100.0, np.nan]))
    assert _of(body, "urine_output/per_kg_and_hour/whole") == pytest.approx(480 / 100 / 48)
    assert _of(body, "urine_output/per_kg_and_hour/second_half", 1) == pytest.approx(480 / 80 / 24)


def test_age_joins_the_severity_points():
    table = event_statistics(_events((0, 30, "HR", 30)), SPEC, 1)
    body = with_body(table, SPEC, np.array([82.0]), np.array([70.0]))
    assert _of(body, "saps2_points/sum/whole") == 11
    assert _of(body, "saps2_points/with_age/whole") == 29
    assert _of(body, "saps2_points/times_age/whole") == pytest.approx(11 * 82)


def test_names_are_unique():
    table = event_statistics(_events((0, 30, "HR", 30)), SPEC, 1)
    assert len(set(table.names)) == len(table.names) == table.values.shape[1]
