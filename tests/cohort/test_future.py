"""The future cannot reach a sample: whatever happens after the prediction time, every byte stays."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import MODALITIES, PREDICTION, TASKS, event, label, small_content, usual_images, usual_rows

SPEC = ModelSpec(modalities=MODALITIES, tasks=TASKS)
HOURS_TO_PREDICTION = 6
CODES = ("HR", "URINE", "AGE", "GENDER", "DDIMER", "NOTE//radiology", "UNHEARD_OF")

future_hours = st.integers(1, 10**10).map(lambda us: HOURS_TO_PREDICTION + us / 3.6e9)
future_event = st.builds(
    event,
    st.integers(1, 4),
    future_hours,
    st.sampled_from(CODES),
    st.none() | st.floats(-1e6, 1e6, width=32),
    st.none() | st.sampled_from(["F", "M", "worse now"]),
    st.none() | st.sampled_from([-1, 1]),
)
future_image = st.tuples(
    st.integers(1, 4),
    st.integers(1, 10**10).map(lambda us: PREDICTION + timedelta(microseconds=us)),
    st.integers(0, 99).map(lambda number: f"future/{number}.png"),
    st.sampled_from(["CR", "DX", "CT"]),
    st.sampled_from(["AP", "PA", "LL", ""]),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as path:
        yield Path(path) / "cohort"


def build(folder: Path, future_events: list[Any], future_images: list[Any]) -> list[dict[str, Any]]:
    """Samples at PREDICTION of the usual cohort with this future; patient 1 also has a later, second prediction."""
    images = usual_images()
    unique = {row[2]: row for row in future_images}
    images = pl.concat([images, pl.DataFrame(list(unique.values()), schema=images.schema, orient="row")])
    content = small_content(rows=usual_rows() + future_events, images=images)
    later = label({1: True}).with_columns(pl.col("prediction_time") + timedelta(days=2))
    content.labels["death"]["value"] = pl.concat([content.labels["death"]["value"], later])
    content.image_files = {path: b"" for path in images["path"]}
    write_cohort(folder, content, force=True)
    items = split_items(folder, None, SPEC)
    moment = int(np.datetime64(PREDICTION, "us").astype(np.int64))
    return [item for item in items if item["prediction_time"] == moment]


def as_bytes(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = [key for key in items[0] if key != "sample"]
    return [{key: v.tobytes() if isinstance(v := item[key], np.ndarray) else v for key in keys} for item in items]


@pytest.fixture(scope="module")
def usual(folder: Path) -> list[dict[str, Any]]:
    return as_bytes(build(folder, [], []))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(future_event, min_size=8, max_size=40), st.lists(future_image, min_size=2, max_size=6))
def test_rewriting_the_future_leaves_every_byte(
    folder: Path, usual: list[dict[str, Any]], more_events: list[Any], more_images: list[Any]
) -> None:
    assert as_bytes(build(folder, more_events, more_images)) == usual


@pytest.mark.parametrize(("code", "key"), [("HR", "series"), ("DDIMER", "table")])
def test_an_event_at_the_prediction_time_is_visible(folder: Path, code: str, key: str) -> None:
    before = build(folder, [], [])[0][key]
    after = build(folder, [event(1, HOURS_TO_PREDICTION, code, 77.0)], [])[0][key]
    assert before.tobytes() != after.tobytes()


def test_a_note_and_a_film_at_the_prediction_time_are_visible(folder: Path) -> None:
    now = (1, PREDICTION, "now.png", "DX", "PA")
    item = build(folder, [event(1, HOURS_TO_PREDICTION, "NOTE//radiology", None, "new opacity")], [now])[0]
    assert item["note"].endswith("radiology: new opacity")
    assert item["film"].endswith("now.png") and item["film_view"] == "PA"


def test_the_order_of_rows_changes_nothing(folder: Path, usual: list[dict[str, Any]]) -> None:
    content = small_content(rows=usual_rows()[::-1])
    content.images = content.images[::-1]
    write_cohort(folder, content, force=True)
    assert as_bytes(split_items(folder, None, SPEC)) == usual
