"""Folds hold every patient out once and change nothing but the splits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.check.files import check_files
from monai_app.cohort.folds import fold_splits, site_splits, write_resplit
from monai_app.cohort.spec import CohortRecord, ModalitySpec, Provenance, TableField, TableSpec, TaskSpec
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent, write_cohort
from monai_app.core.errors import InputRejected

START = dt.datetime(2000, 1, 1)


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    subjects = [subject for subject in range(20) for _ in range(1 + subject % 3)]
    times = [START + dt.timedelta(days=i) for i in range(len(subjects))]
    keys = pl.DataFrame({"subject_id": subjects, "prediction_time": times})
    sites = pl.DataFrame(
        {"subject_id": range(20), "time": START - dt.timedelta(days=1), "code": "SITE", "numeric_value": None}
    ).with_columns(text_value=pl.when(pl.col("subject_id") < 5).then(pl.lit("north")).otherwise(pl.lit("south")))
    record = CohortRecord(
        name="x",
        groups={"site": "SITE"},
        provenance=Provenance(source="x", source_version="1", licence="CC0-1.0"),
        modalities=ModalitySpec(table=TableSpec(fields=(TableField(name="a", codes=("A",)),))),
        tasks=(TaskSpec(name="icu", kind="binary"),),
    )
    content = CohortContent(
        record=record,
        events=pl.concat(
            [
                pl.DataFrame({"subject_id": subjects, "time": times, "code": "A", "numeric_value": 1.0}),
                sites.cast({"numeric_value": pl.Float64}),
            ],
            how="diagonal_relaxed",
        ),
        codes=pl.DataFrame({"code": ["A", "SITE"], "description": ["a", "site"], "unit": ["1", ""]}),
        splits=pl.DataFrame({"subject_id": range(20), "split": "train"}),
        labels={"icu": {"value": keys.with_columns(value=pl.col("subject_id") % 4 == 0)}},
    )
    write_cohort(tmp_path / "cohort", content)
    return Cohort(tmp_path / "cohort")


def test_every_patient_is_held_out_once_and_stands_in_one_split_a_fold(cohort: Cohort) -> None:
    splits = fold_splits(cohort, task="icu", folds=4, seed=0)
    held_out = [subject for split in splits for subject in split.filter(pl.col("split") == "held_out")["subject_id"]]
    assert sorted(held_out) == list(range(20))
    assert all(
        split["subject_id"].is_unique().all() and set(split["split"]) == {"train", "tuning", "held_out"}
        for split in splits
    )


def test_the_same_seed_deals_the_same_folds(cohort: Cohort) -> None:
    one, two, other = (fold_splits(cohort, task="icu", folds=4, seed=seed) for seed in (1, 1, 2))
    assert all(a.equals(b) for a, b in zip(one, two, strict=True))
    assert not all(a.equals(b) for a, b in zip(one, other, strict=True))


def test_a_resplit_keeps_every_other_byte_and_is_a_sound_cohort(cohort: Cohort, tmp_path: Path) -> None:
    splits = fold_splits(cohort, task="icu", folds=4, seed=0)[0]
    copy = write_resplit(cohort, splits, tmp_path / "fold")
    assert copy.splits().sort("subject_id").equals(splits.sort("subject_id"))
    assert copy.events().collect().equals(cohort.events().collect())
    assert copy.labels("icu").equals(cohort.labels("icu"))
    different = {name for name, digest in copy.record.sha256.items() if cohort.record.sha256[name] != digest}
    assert different == {"metadata/subject_splits.parquet"}
    assert list(check_files(copy)) == []


def test_more_folds_than_patients_of_a_class_are_refused(cohort: Cohort) -> None:
    with pytest.raises(InputRejected, match="FOLDS_INVALID.*5 patients"):
        fold_splits(cohort, task="icu", folds=6, seed=0)


def test_a_held_out_site_is_held_out_whole_and_nobody_else_moves(cohort: Cohort) -> None:
    before, after = cohort.splits().sort("subject_id"), site_splits(cohort, "north")
    assert set(after.filter(pl.col("subject_id") < 5)["split"]) == {"held_out"}
    assert after.filter(pl.col("subject_id") >= 5).equals(before.filter(pl.col("subject_id") >= 5))


def test_an_unknown_site_is_refused_with_the_known_ones(cohort: Cohort) -> None:
    with pytest.raises(InputRejected, match="SITE_UNKNOWN.*north, south"):
        site_splits(cohort, "east")
