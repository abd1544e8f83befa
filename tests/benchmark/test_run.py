"""The whole benchmark: repeatable, folds by patient, tasks that can be judged."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from monai_app.benchmark.run import fold_cohorts, judged_tasks
from monai_app.cohort.spec import CohortRecord, ModalitySpec, Provenance, TableField, TableSpec, TaskKind, TaskSpec
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent, write_cohort
from monai_app.core.errors import InputRejected
from tests.benchmark.conftest import Bench

PATIENTS = range(24)


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    time = dt.datetime(2000, 1, 1)
    keys = pl.DataFrame({"subject_id": PATIENTS}).with_columns(prediction_time=pl.lit(time))
    record = CohortRecord(
        name="x",
        provenance=Provenance(source="x", source_version="1", licence="CC0-1.0"),
        modalities=ModalitySpec(table=TableSpec(fields=(TableField(name="a", codes=("A",)),))),
        tasks=(
            TaskSpec(name="icu", kind=TaskKind.BINARY),
            TaskSpec(name="finding", kind=TaskKind.MULTICLASS, classes=("a", "b")),
            TaskSpec(name="stay", kind=TaskKind.REGRESSION, unit="d"),
        ),
    )
    label = pl.col("subject_id")
    labels = {
        "icu": {"value": keys.with_columns(value=label % 4 == 0)},
        "finding": {"value": keys.with_columns(value=pl.when(label % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b")))},
        "stay": {"value": keys.with_columns(value=label.cast(pl.Float64))},
    }
    content = CohortContent(
        record=record,
        events=keys.select("subject_id", time=pl.col("prediction_time"), code=pl.lit("A"), numeric_value=pl.lit(1.0)),
        codes=pl.DataFrame({"code": ["A"], "description": ["a"], "unit": ["1"]}),
        splits=pl.DataFrame({"subject_id": PATIENTS, "split": "train"}),
        labels=labels,
    )
    write_cohort(tmp_path / "cohort", content)
    return Cohort(tmp_path / "cohort")


def held_out(folder: Path) -> list[int]:
    splits = pl.read_parquet(folder / "metadata" / "subject_splits.parquet")
    return splits.filter(pl.col("split") == "held_out")["subject_id"].to_list()


def test_the_same_command_trains_nothing_again_and_finds_the_same(bench: Bench) -> None:
    kept = ("models", "judged")
    before = {path: path.stat().st_mtime_ns for name in kept for path in (bench.out / name).rglob("*")}
    found = [(bench.out / name).read_bytes() for name in ("results.parquet", "weights.parquet", "report.html")]
    claims = bench.run()
    assert {path: path.stat().st_mtime_ns for name in kept for path in (bench.out / name).rglob("*")} == before
    assert [(bench.out / n).read_bytes() for n in ("results.parquet", "weights.parquet", "report.html")] == found
    assert json.loads((bench.out / "claims.json").read_text()) == [vars(claim) for claim in claims] != []


def test_every_patient_is_held_out_by_one_fold(cohort: Cohort, tmp_path: Path) -> None:
    places = fold_cohorts(cohort, ["finding", "icu"], 3, tmp_path / "out")
    assert sorted(subject for place in places for subject in held_out(place)) == list(PATIENTS)


def test_folds_are_dealt_once_and_other_folds_have_other_folders(cohort: Cohort, tmp_path: Path) -> None:
    three, again, four = (fold_cohorts(cohort, ["icu"], folds, tmp_path / "out") for folds in (3, 3, 4))
    assert three == again and not set(three) & set(four)
    assert sorted(subject for place in four for subject in held_out(place)) == list(PATIENTS)


def test_folds_without_a_binary_task_are_refused(cohort: Cohort, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NO_TASKS"):
        fold_cohorts(cohort, ["finding"], 3, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_classification_is_judged_and_nothing_else(cohort: Cohort) -> None:
    assert judged_tasks(cohort, None) == ["icu", "finding"]
    assert judged_tasks(cohort, ["finding"]) == ["finding"]
    with pytest.raises(InputRejected, match="NO_TASKS"):
        judged_tasks(cohort, ["icu", "stay"])
    with pytest.raises(InputRejected, match="TASK_UNKNOWN"):
        judged_tasks(cohort, ["luck"])
