"""Streaming time grid: bit-equal with the one in memory, however the rows are cut."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.cohort.timegrid import TimeGrid, time_grid
from monai_app.cohort.timegrid_stream import iter_time_grid
from monai_app.core.errors import InputRejected

ORIGIN = dt.datetime(2000, 1, 1)
MEANS = (
    Channel(name="mean", codes=("A", "B"), unit="1", low=-2, high=1e9),
    Channel(name="sum", codes=("B",), unit="1", aggregate="sum"),
)
MIXED = (
    *MEANS,
    Channel(name="last", codes=("B", "C"), unit="1", aggregate="last"),
    Channel(name="max", codes=("C",), unit="1", high=0.5, aggregate="max"),
)
SAMPLES = pl.DataFrame(
    {
        "subject_id": [1, 1, 1, 4, 5, 9, 9, 12],
        "prediction_time": [ORIGIN + dt.timedelta(hours=h) for h in (3, 8, 9, 5, 5, 2, 7, 5)],
    }
)


def events(*, n: int = 3000, scale: float = 1.0) -> pl.DataFrame:
    """Subjects 0 .. 10 (12 has none, 0 and others no sample), null times and values, censored rows, other codes."""
    rng = np.random.default_rng(1)
    minutes = rng.integers(-300, 700, n)
    table = pl.DataFrame(
        {
            "subject_id": np.sort(rng.integers(0, 11, n)),
            "time": [None if m % 50 == 0 else ORIGIN + dt.timedelta(minutes=int(m)) for m in minutes],
            "code": rng.choice(["A", "B", "C", "other"], n),
            "numeric_value": (rng.normal(size=n) * scale ** rng.integers(-1, 2, n)).astype(np.float32),
            "censored": [(None, 0, 0, 1)[i] for i in rng.integers(4, size=n)],
        },
        schema_overrides={"time": pl.Datetime("us"), "censored": pl.Int8},
    )
    return table.with_columns(numeric_value=pl.when(pl.col("censored") == 1).then(None).otherwise("numeric_value"))


def streamed(tmp_path: Path, table: pl.DataFrame, spec: SeriesSpec, **options: int) -> TimeGrid:
    half = int(np.searchsorted(table["subject_id"], 5))
    paths = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    table[:half].write_parquet(paths[0], row_group_size=options.pop("group", 700))
    table[half:].write_parquet(paths[1])
    ranges = list(iter_time_grid(paths, SAMPLES, spec, **options))
    assert [part.first for part in ranges] == np.cumsum([0, *(len(part.grid.mask) for part in ranges)])[:-1].tolist()
    names = ("values", "mask", "hours_since")
    return TimeGrid(*(np.concatenate([getattr(part.grid, name) for part in ranges]) for name in names))


def in_memory(table: pl.DataFrame, spec: SeriesSpec) -> TimeGrid:
    samples = SAMPLES.with_row_index("sample").lazy()
    return time_grid(table.lazy().join(samples, on="subject_id"), spec, SAMPLES.height)


@pytest.mark.parametrize("channels", [MEANS, MIXED], ids=["sums", "mixed"])
@pytest.mark.parametrize("scale", [1.0, 1e6])
@pytest.mark.parametrize("options", [{}, {"stays": 1, "workers": 1}, {"stays": 3, "group": 100}])
def test_bit_equal_with_the_grid_in_memory(tmp_path, channels, scale, options):
    spec, table = SeriesSpec(hours=6, step_hours=2, channels=channels), events(scale=scale)
    one, other = streamed(tmp_path, table, spec, **options), in_memory(table, spec)
    assert all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in ("values", "mask", "hours_since")
    )


def test_no_event_at_all_still_gives_every_sample(tmp_path):
    spec = SeriesSpec(hours=6, channels=MEANS)
    grid = streamed(tmp_path, events(n=0), spec)
    assert grid.mask.shape == (8, 6, 2) and not grid.mask.any() and np.isnan(grid.values).all()


def test_rewriting_the_future_changes_nothing(tmp_path):
    spec, table = SeriesSpec(hours=6, channels=MIXED), events()
    last = SAMPLES["prediction_time"].max()
    rewritten = table.with_columns(
        numeric_value=pl.when(pl.col("time") > last).then(-1.5).otherwise("numeric_value").cast(pl.Float32)
    )
    assert not rewritten.equals(table)
    assert streamed(tmp_path, table, spec).values.tobytes() == streamed(tmp_path, rewritten, spec).values.tobytes()


@pytest.mark.parametrize("order", ["within a file", "between files"])
def test_unsorted_events_are_refused(tmp_path, order):
    table = events(n=100)
    paths = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    first, second = (table.reverse(), table) if order == "within a file" else (table[50:], table[:50])
    first.write_parquet(paths[0])
    second.write_parquet(paths[1])
    with pytest.raises(InputRejected, match="EVENTS_UNSORTED"):
        list(iter_time_grid(paths, SAMPLES, SeriesSpec(hours=6, channels=MEANS)))


def test_unsorted_samples_are_refused():
    with pytest.raises(InputRejected, match="SAMPLES_UNSORTED"):
        list(iter_time_grid([], SAMPLES.reverse(), SeriesSpec(hours=6, channels=MEANS)))


def test_missing_column_is_named(tmp_path):
    events(n=10).drop("code").write_parquet(tmp_path / "0.parquet")
    with pytest.raises(InputRejected, match=r"MISSING_COLUMN.*\['code'\]"):
        list(iter_time_grid([tmp_path / "0.parquet"], SAMPLES, SeriesSpec(hours=6, channels=MEANS)))


def test_not_finite_values_are_refused(tmp_path):
    table = events(n=100).with_columns(numeric_value=pl.lit(math.inf, pl.Float32), censored=pl.lit(0, pl.Int8))
    with pytest.raises(InputRejected, match="NOT_FINITE"):
        streamed(tmp_path, table, SeriesSpec(hours=6, channels=MEANS))
