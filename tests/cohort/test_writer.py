"""Nothing is written of a cohort whose content is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import meds
import polars as pl
import pyarrow.parquet as pq
import pytest

from monai_app.cohort.samples import sample_table
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent, write_cohort
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import SPLIT, event, events, label, small_content, usual_images, usual_labels, usual_rows


def with_label(task: str, column: str, values: dict[int, Any]) -> CohortContent:
    labels = usual_labels()
    labels[task][column] = label(values)
    return small_content(labels=labels)


def in_two_splits() -> CohortContent:
    return small_content(splits=pl.DataFrame({"subject_id": [*SPLIT, 1], "split": [*SPLIT.values(), "held_out"]}))


def with_unknown_split() -> CohortContent:
    return small_content(splits=pl.DataFrame({"subject_id": list(SPLIT), "split": ["test"] * 4}))


def with_long_note() -> CohortContent:
    return small_content(rows=[*usual_rows(), event(1, 2, "NOTE//radiology", None, "a" * 10_000_000)])


def with_escape() -> CohortContent:
    return small_content(images=usual_images().with_columns(path="../" + pl.col("path")))


FAULTS: dict[str, tuple[Callable[[], CohortContent], str]] = {
    "no events": (lambda: small_content(events=events([])), "EMPTY_COHORT"),
    "no patients": (lambda: small_content(splits=pl.DataFrame({"subject_id": [], "split": []})), "EMPTY_COHORT"),
    "two splits": (in_two_splits, "SUBJECT_IN_TWO_SPLITS.*1 patients"),
    "unknown split": (with_unknown_split, "SPLIT_UNKNOWN.*4 patients"),
    "note of 10 MB": (with_long_note, "NOTE_TOO_LONG.*1 notes"),
    "image path escapes": (with_escape, "PATH_ESCAPES"),
    "image missing": (lambda: small_content(image_files={}), "IMAGE_MISSING"),
    "binary 2": (lambda: with_label("death", "value", {1: 2, 2: 0}), "LABEL_OUTSIDE_SET.*death.*1 rows"),
    "binary NaN": (lambda: with_label("death", "value", {1: float("nan"), 2: 0.0}), "LABEL_OUTSIDE_SET"),
    "unknown class": (lambda: with_label("place", "value", {1: "moon"}), "LABEL_OUTSIDE_SET.*place"),
    "infinite target": (lambda: with_label("stay", "value", {1: float("inf")}), "LABEL_OUTSIDE_SET.*finite"),
    "event 0.5": (lambda: with_label("survival", "event", {1: 0.5}), "LABEL_OUTSIDE_SET.*survival"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_content_is_refused_and_nothing_written(tmp_path: Path, fault: str) -> None:
    make, message = FAULTS[fault]
    with pytest.raises(InputRejected, match=message):
        write_cohort(tmp_path / "out", make())
    assert list(tmp_path.iterdir()) == []


def test_a_cohort_is_a_meds_dataset(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    meds.DataSchema.validate(pq.read_table(tmp_path / "c" / "data" / "0.parquet"))
    meds.SubjectSplitSchema.validate(pq.read_table(tmp_path / "c" / meds.subject_splits_filepath))
    meds.CodeMetadataSchema.validate(pq.read_table(tmp_path / "c" / meds.code_metadata_filepath))
    meds.LabelSchema.validate(pq.read_table(tmp_path / "c" / "labels" / "death" / "value.parquet"))


def test_the_record_holds_the_hash_of_every_table(tmp_path: Path) -> None:
    record = write_cohort(tmp_path / "c", small_content())
    tables = {path.relative_to(tmp_path / "c").as_posix() for path in (tmp_path / "c").rglob("*.parquet")}
    assert set(record.sha256) == tables
    assert record.sha256["data/0.parquet"] == sha256_file(tmp_path / "c" / "data" / "0.parquet")


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    one = write_cohort(tmp_path / "a", small_content())
    two = write_cohort(tmp_path / "b", small_content(rows=usual_rows()[::-1]))
    assert one == two


def test_a_taken_place_is_kept_without_force(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        write_cohort(tmp_path / "c", small_content())
    write_cohort(tmp_path / "c", small_content(), force=True)


def test_an_empty_split_is_refused_on_reading(tmp_path: Path) -> None:
    everyone = pl.DataFrame({"subject_id": list(SPLIT), "split": ["train"] * 4})
    write_cohort(tmp_path / "c", small_content(splits=everyone))
    with pytest.raises(InputRejected, match=r"EMPTY_COHORT.*held_out"):
        sample_table(Cohort(tmp_path / "c"), split="held_out")
