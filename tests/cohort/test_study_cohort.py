"""A study as a cohort of its own: the patient's sample is the same as within the cohort that training read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.store import Cohort
from monai_app.cohort.study_cohort import StudyFilm, write_study_cohort
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import MODALITIES, PREDICTION, TASKS, small_content

SPEC = ModelSpec(modalities=MODALITIES, tasks=TASKS)


def test_the_sample_is_that_of_the_cohort(tmp_path: Path) -> None:
    write_cohort(tmp_path / "all", small_content())
    cohort = Cohort(tmp_path / "all")
    expected = split_items(cohort, None, SPEC)[0]
    mine = (pl.col("subject_id") == 1) & (pl.col("time").is_null() | (pl.col("time") <= PREDICTION))
    events = cohort.events().filter(mine).drop("subject_id").collect()
    film = StudyFilm(Path(expected["film"]), "DX", expected["film_view"])
    (found,) = split_items(
        write_study_cohort(tmp_path / "study", SPEC, moment=PREDICTION, events=events, film=film), None, SPEC
    )
    for name in ("series", "table"):
        np.testing.assert_array_equal(found[name], expected[name])
    keys = ["film_view", "prediction_time", *(f"{name}_present" for name in ("film", "series", "table", "note"))]
    assert {key: found[key] for key in keys} == {key: expected[key] for key in keys}
    assert Path(found["film"]) == Path(expected["film"]).resolve()
    assert np.isnan(found["label_death"]).all()


def test_a_film_alone_and_a_record_alone_are_studies(tmp_path: Path) -> None:
    (tmp_path / "film.dcm").write_bytes(b"film")
    film = StudyFilm(tmp_path / "film.dcm", "CR")
    (alone,) = split_items(write_study_cohort(tmp_path / "a", SPEC, moment=PREDICTION, film=film), None, SPEC)
    assert alone["film_present"] and not (alone["series_present"] or alone["note_present"])
    (nothing,) = split_items(write_study_cohort(tmp_path / "b", SPEC, moment=PREDICTION), None, SPEC)
    assert not nothing["film_present"]


def test_the_future_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    late = pl.DataFrame({"time": [PREDICTION + timedelta(seconds=1)], "code": ["HR"], "numeric_value": [70.0]})
    with pytest.raises(ValueError, match="after it"):
        write_study_cohort(tmp_path / "c", SPEC, moment=PREDICTION, events=late)
