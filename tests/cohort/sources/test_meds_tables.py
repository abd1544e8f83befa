"""Tables of a MEDS dataset: what the standard leaves out is null, what it demands is named when missing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from monai_app.cohort.sources.meds_tables import read_codes, read_image_index, read_labels, read_splits, scan_events
from monai_app.cohort.spec import TaskSpec
from monai_app.core.errors import InputRejected

NOON = datetime(2020, 1, 1, 12)
KEYS = {"subject_id": [1, 2], "prediction_time": [NOON, NOON]}


def table(path: Path, columns: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_shards_become_one_table_with_the_columns_of_a_cohort(tmp_path: Path) -> None:
    for shard in ("train/0", "train/1", "held_out/0"):
        table(tmp_path / "data" / f"{shard}.parquet", {"subject_id": [1], "time": [NOON], "code": [shard]})
    events = scan_events(tmp_path).collect()
    assert events.height == 3 and events["censored"].null_count() == 3
    assert events.columns == ["subject_id", "time", "code", "numeric_value", "text_value", "censored"]


def test_damaged_and_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="SOURCE_INCOMPLETE"):
        scan_events(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "0.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputRejected, match="TABLE_UNREADABLE"):
        scan_events(tmp_path)
    table(tmp_path / "data" / "0.parquet", {"subject_id": [1], "code": ["HR"]})
    with pytest.raises(InputRejected, match=r"MISSING_COLUMN.*time"):
        scan_events(tmp_path)


def test_codes_and_splits_are_optional(tmp_path: Path) -> None:
    assert read_codes(tmp_path).columns == ["code", "description", "unit"] and read_codes(tmp_path).is_empty()
    assert read_splits(tmp_path) is None
    table(tmp_path / "metadata" / "codes.parquet", {"code": ["HR"], "description": ["heart rate"]})
    assert read_codes(tmp_path).row(0) == ("HR", "heart rate", None)


@pytest.mark.parametrize(
    "place", ["labels/death/value.parquet", "labels/death.parquet", "labels/death/train/0.parquet"]
)
def test_labels_of_one_column_are_found_wherever_meds_puts_them(tmp_path: Path, place: str) -> None:
    table(tmp_path / place, KEYS | {"boolean_value": [True, None]})
    labels = read_labels(tmp_path, TaskSpec(name="death", kind="binary"))
    assert labels["value"]["value"].to_list() == [True, None]


def test_number_labels_may_be_integers(tmp_path: Path) -> None:
    table(tmp_path / "labels" / "stay.parquet", KEYS | {"float_value": [1.5, None], "integer_value": [None, 4]})
    assert read_labels(tmp_path, TaskSpec(name="stay", kind="regression"))["value"]["value"].to_list() == [1.5, 4.0]


def test_missing_labels_and_wrong_kinds_are_named(tmp_path: Path) -> None:
    task = TaskSpec(name="find", kind="multilabel", classes=("a", "b"))
    table(tmp_path / "labels" / "find" / "a.parquet", KEYS | {"boolean_value": [True, False]})
    with pytest.raises(InputRejected, match=r"SOURCE_INCOMPLETE.*labels/find/b\.parquet"):
        read_labels(tmp_path, task)
    table(tmp_path / "labels" / "find" / "b.parquet", KEYS | {"float_value": [0.5, 1.0]})
    with pytest.raises(InputRejected, match=r"MISSING_COLUMN.*boolean_value"):
        read_labels(tmp_path, task)


def test_image_index_may_be_csv_or_parquet(tmp_path: Path) -> None:
    columns = {"subject_id": [1], "time": [NOON], "path": ["a.png"], "modality": ["DX"]}
    pl.DataFrame(columns).write_csv(tmp_path / "images.csv")
    index = read_image_index(tmp_path / "images.csv")
    assert index.equals(read_image_index(table(tmp_path / "images.parquet", columns)))
    assert index.row(0) == (1, NOON, "a.png", "DX", "")


def test_image_without_a_time_is_refused(tmp_path: Path) -> None:
    columns = {"subject_id": [1, 1], "time": [NOON, None], "path": ["a.png", "b.png"], "modality": ["DX", "DX"]}
    with pytest.raises(InputRejected, match=r"VALUE_INVALID.*1 rows"):
        read_image_index(table(tmp_path / "images.parquet", columns))
