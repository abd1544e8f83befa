"""Samples and the cohort directory refuse what would make results untrue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.samples import sample_table
from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import MODALITIES, TASKS, small_content


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    write_cohort(tmp_path / "c", small_content())
    return Cohort(tmp_path / "c")


def test_a_patient_in_two_splits_fails_before_training(cohort: Cohort) -> None:
    path = cohort.path / "metadata" / "subject_splits.parquet"
    splits = pl.read_parquet(path)
    pl.concat([splits, splits.head(1).with_columns(split=pl.lit("held_out"))]).write_parquet(path)
    with pytest.raises(InputRejected, match=r"SUBJECT_IN_TWO_SPLITS.*1 patients"):
        sample_table(cohort)


def test_a_class_outside_the_set_is_refused_on_reading(cohort: Cohort) -> None:
    path = cohort.path / "labels" / "place" / "value.parquet"
    pl.read_parquet(path).with_columns(categorical_value=pl.lit("moon")).write_parquet(path)
    with pytest.raises(InputRejected, match=r"LABEL_OUTSIDE_SET.*place.*3 rows"):
        split_items(cohort, None, ModelSpec(modalities=MODALITIES, tasks=TASKS))


def test_an_image_path_that_escapes_is_refused_on_reading(cohort: Cohort) -> None:
    path = cohort.path / "images.parquet"
    pl.read_parquet(path).with_columns(path=pl.lit("../cohort.json")).write_parquet(path)
    with pytest.raises(InputRejected, match="PATH_ESCAPES"):
        split_items(cohort, None, ModelSpec(modalities=MODALITIES, tasks=TASKS))


@pytest.mark.parametrize("part", ["data/0.parquet", "metadata/codes.parquet", "images.parquet"])
def test_a_part_that_is_missing_is_named(cohort: Cohort, part: str) -> None:
    (cohort.path / part).unlink()
    if part.startswith("data"):
        (cohort.path / "data").rmdir()
    with pytest.raises(InputRejected, match=f"COHORT_INCOMPLETE.*{part.split('/0')[0]}"):
        Cohort(cohort.path)


@pytest.mark.parametrize("part", ["data/0.parquet", "images.parquet", "labels/death/value.parquet"])
def test_a_part_that_is_cut_off_is_named(cohort: Cohort, part: str) -> None:
    path = cohort.path / part
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputRejected, match=f"COHORT_INCOMPLETE.*{part.split('/0')[0]}"):
        split_items(cohort, None, ModelSpec(modalities=MODALITIES, tasks=TASKS))


def test_another_folder_is_no_cohort(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"COHORT_MISSING.*cohort build"):
        Cohort(tmp_path)


def test_a_cohort_without_tasks_gives_every_patient_once_at_the_last_event(tmp_path: Path) -> None:
    content = small_content()
    record = content.record.model_copy(update={"tasks": ()})
    write_cohort(tmp_path / "c", replace(content, record=record, labels={}))
    unlabelled = Cohort(tmp_path / "c")
    last = unlabelled.events().filter(pl.col("time").is_not_null()).group_by("subject_id").agg(pl.col("time").max())
    expected = last.collect().sort("subject_id")
    samples = sample_table(unlabelled)
    assert samples["subject_id"].to_list() == expected["subject_id"].to_list()
    assert samples["prediction_time"].to_list() == expected["time"].to_list()
    items = split_items(unlabelled, None, ModelSpec(modalities=MODALITIES, tasks=TASKS))
    assert len(items) == samples.height
