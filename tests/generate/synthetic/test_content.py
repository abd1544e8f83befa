from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from monai_app.generate.synthetic import content
from monai_app.generate.synthetic.columns import cohort_columns
from monai_app.generate.synthetic.summaries import ChannelHabit
from tests.faults.cohorts import small_content

RECORD = small_content().record.model_copy(update={"groups": {"sex": "GENDER", "site": "SITE"}})
COLUMNS = cohort_columns(RECORD, {"site": ["A", "B"]})


@pytest.fixture(scope="module")
def written() -> content.Written:
    """Two records: one with everything, one of which nothing is known."""
    values = np.full((2, len(COLUMNS.keys)), np.nan)
    known = {"table/age": 50.0, "table/sex=F": 0.0, "table/sex=M": 1.0, "groups/site=A": 0.0, "groups/site=B": 1.0,
             "labels/death.death": 1.0, "labels/diagnosis.pneumonia": 0.0, "labels/place.place=home": 0.0,
             "labels/place.place=ward": 1.0, "labels/place.place=unit": 0.0, "labels/stay.value": 2.5,
             "labels/survival.time": 4.0, "labels/survival.event": 0.0, "series/heart_rate.count": 3.0,
             "series/heart_rate.level": 80.0, "series/urine.count": 0.0, "present/note": 1.0,
             "present/film": 1.0}  # fmt: skip
    for key, value in known.items():
        values[0, COLUMNS.places[key]] = value
    habit = ChannelHabit("HR", np.linspace(0, 6, 201), 0, 20.0, 250.0)
    ages = np.full(101, 2.0)
    return content.Written(COLUMNS, values, (10, 11), (habit, habit), ages, ages, lambda record, generator: "a note", 1)


def test_events_say_what_is_known_and_no_more(written: content.Written) -> None:
    events = content.events(written, RECORD)
    assert set(events["subject_id"]) == {10}
    facts = {
        code: text or number for code, text, number in events.select("code", "text_value", "numeric_value").iter_rows()
    }
    assert facts["AGE"] == 50.0 and facts["GENDER"] == "M" and facts["SITE"] == "B"
    assert facts["NOTE//radiology"] == "a note"
    assert events.filter(pl.col("code") == "HR")["numeric_value"].to_list() == [80.0] * 3


def test_timed_events_lie_in_the_window_before_the_prediction(written: content.Written) -> None:
    now = content.prediction_time(1, 0)
    ages = [(now - time).total_seconds() / 3600 for time in content.events(written, RECORD)["time"].drop_nulls()]
    assert min(ages) >= 0 and max(ages) <= 6 and now.year == 2100
    assert now - content.film_time(written, 0) == now - content.film_time(replace(written, seed=1), 0)


def test_labels_are_those_of_their_kind(written: content.Written) -> None:
    labels = content.labels(written, RECORD)
    first = {(task, name): frame["value"][0] for task, columns in labels.items() for name, frame in columns.items()}
    assert first == {
        ("death", "value"): True, ("diagnosis", "pneumonia"): False, ("diagnosis", "oedema"): None,
        ("place", "value"): "ward", ("stay", "value"): 2.5, ("survival", "time"): 4.0, ("survival", "event"): False,
    }  # fmt: skip
    assert all(frame["value"][1] is None for columns in labels.values() for frame in columns.values())


def test_only_a_record_that_has_a_film_has_one(written: content.Written) -> None:
    assert [content.has_film(written, number) for number in (0, 1)] == [True, False]


def test_new_subjects_are_free_ones() -> None:
    first = content.free_subjects(3, [])
    assert not set(content.free_subjects(3, [first[1]])) & set(first) and len(set(first)) == 3


def test_splits_are_those_of_twenty() -> None:
    splits = content.splits(range(40), seed=0)
    assert dict(splits["split"].value_counts().iter_rows()) == {"train": 28, "tuning": 6, "held_out": 6}
    assert splits["split"].to_list() != content.splits(range(40), seed=1)["split"].to_list()
