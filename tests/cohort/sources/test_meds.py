"""Any MEDS dataset becomes a cohort; a built cohort is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from monai_app.cohort.items import split_items
from monai_app.cohort.sources.meds import Images, build
from monai_app.cohort.spec import CohortRecord, ModelSpec
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import MODALITIES, TASKS, small_content

SPEC = ModelSpec(modalities=MODALITIES, tasks=TASKS)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_cohort(tmp_path / "dataset", small_content())
    return tmp_path / "dataset"


def rewrite(path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    change(pl.read_parquet(path)).write_parquet(path)


def content_of(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items without the folder that their films lie in."""
    plain = [{key: v.tobytes() if isinstance(v, np.ndarray) else v for key, v in item.items()} for item in items]
    return [item | {"film": Path(item["film"]).name} for item in plain]


@pytest.mark.parametrize("images", list(Images))
def test_the_cohort_of_a_cohort_is_the_same_cohort(dataset: Path, tmp_path: Path, images: Images) -> None:
    write_cohort(tmp_path / "again", build(dataset, images=images))
    one, two = split_items(dataset, None, SPEC), split_items(tmp_path / "again", None, SPEC)
    assert content_of(one) == content_of(two)
    assert Path(two[0]["film"]).read_bytes() == Path(one[0]["film"]).read_bytes()


def test_a_plain_dataset_needs_only_a_yaml(dataset: Path, tmp_path: Path) -> None:
    """No censored column, no units, no splits, several shards, one label file, an index in CSV."""
    record = CohortRecord.read(dataset / "cohort.json").model_dump(mode="json", exclude={"sha256"})
    record["tasks"] = [task for task in record["tasks"] if task["name"] == "death"]
    (dataset / "cohort.json").unlink()
    (dataset / "cohort.yaml").write_text(yaml.safe_dump(record))
    events = pl.read_parquet(dataset / "data" / "0.parquet").drop("censored")
    (dataset / "data" / "train").mkdir()
    events.filter(pl.col("subject_id") > 2).write_parquet(dataset / "data" / "train" / "1.parquet")
    events.filter(pl.col("subject_id") <= 2).drop("text_value").write_parquet(dataset / "data" / "0.parquet")
    rewrite(dataset / "metadata" / "codes.parquet", lambda codes: codes.drop("unit"))
    (dataset / "metadata" / "subject_splits.parquet").unlink()
    pl.read_parquet(dataset / "images.parquet").drop("sha256").write_csv(dataset / "index.csv")
    (dataset / "images.parquet").unlink()
    content = build(dataset, index=dataset / "index.csv")
    write_cohort(tmp_path / "again", content)
    items = split_items(tmp_path / "again", None, ModelSpec(modalities=MODALITIES, tasks=TASKS[:1]))
    assert [item["label_death"].item() for item in items] == [1, 0, 0, 1]
    assert [item["film_present"] for item in items] == [True, True, True, False]
    changes = " ".join(content.record.provenance.changes)
    assert "states no unit for 4 codes" in changes and "split by a hash" in changes


def test_units_of_the_dataset_are_converted_and_recorded(dataset: Path) -> None:
    def in_hertz(codes: pl.DataFrame) -> pl.DataFrame:
        return codes.with_columns(unit=pl.when(pl.col("code") == "HR").then(pl.lit("Hz")).otherwise(pl.col("unit")))

    before = build(dataset).events.filter(pl.col("code") == "HR")["numeric_value"]
    rewrite(dataset / "metadata" / "codes.parquet", in_hertz)
    content = build(dataset)
    after = content.events.filter(pl.col("code") == "HR")["numeric_value"]
    np.testing.assert_allclose(after, before * 60, rtol=1e-6)
    assert "heart_rate: Hz converted to /min" in content.record.provenance.changes


def test_units_of_another_kind_are_refused(dataset: Path) -> None:
    rewrite(dataset / "metadata" / "codes.parquet", lambda codes: codes.with_columns(unit=pl.lit("kg")))
    with pytest.raises(InputRejected, match="UNIT_INCOMPATIBLE"):
        build(dataset)


def test_events_that_no_model_may_see_are_left_out_and_counted(dataset: Path) -> None:
    def with_others(events: pl.DataFrame) -> pl.DataFrame:
        return pl.concat(
            [events, events.with_columns(code=pl.lit("BILLING")), events.with_columns(subject_id=pl.lit(99, pl.Int64))]
        )

    count = pl.read_parquet(dataset / "data" / "0.parquet").height
    rewrite(dataset / "data" / "0.parquet", with_others)
    content = build(dataset)
    assert content.events.height == count
    assert any(change.startswith(f"{2 * count} events") for change in content.record.provenance.changes)


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no spec": (lambda d: (d / "cohort.json").unlink(), "SOURCE_INCOMPLETE.*cohort.yaml"),
    "no data": (lambda d: (d / "data/0.parquet").unlink(), "SOURCE_INCOMPLETE.*no data"),
    "data is no parquet": (lambda d: (d / "data/0.parquet").write_bytes(b"PAR1"), "TABLE_UNREADABLE"),
    "no code column": (lambda d: rewrite(d / "data/0.parquet", lambda e: e.drop("code")), "MISSING_COLUMN.*no code"),
    "no labels": (lambda d: (d / "labels/death/value.parquet").unlink(), "SOURCE_INCOMPLETE.*death"),
    "labels without value": (
        lambda d: rewrite(d / "labels/death/value.parquet", lambda e: e.drop("boolean_value")),
        "MISSING_COLUMN.*boolean_value",
    ),
    "patient without split": (
        lambda d: rewrite(d / "metadata/subject_splits.parquet", lambda e: e.head(2)),
        "SPLIT_UNKNOWN.*2 patients",
    ),
    "image missing": (lambda d: (d / "images/1.png").unlink(), "IMAGE_MISSING.*1 of 3"),
    "image path escapes": (
        lambda d: rewrite(d / "images.parquet", lambda e: e.with_columns(path="../../" + pl.col("path"))),
        "PATH_ESCAPES",
    ),
    "image index without time": (lambda d: rewrite(d / "images.parquet", lambda e: e.drop("time")), "MISSING_COLUMN"),
    "image without time": (
        lambda d: rewrite(d / "images.parquet", lambda e: e.with_columns(time=pl.lit(None, pl.Datetime("us")))),
        "VALUE_INVALID.*3 rows",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_datasets_are_refused(dataset: Path, fault: str) -> None:
    spoil, message = FAULTS[fault]
    spoil(dataset)
    with pytest.raises(InputRejected, match=message):
        build(dataset)


def test_a_patient_in_two_splits_is_refused(dataset: Path, tmp_path: Path) -> None:
    splits = dataset / "metadata" / "subject_splits.parquet"
    rewrite(splits, lambda e: pl.concat([e, e.with_columns(split=pl.lit("held_out"))]))
    with pytest.raises(InputRejected, match="SUBJECT_IN_TWO_SPLITS"):
        write_cohort(tmp_path / "again", build(dataset))
    assert not (tmp_path / "again").exists()
