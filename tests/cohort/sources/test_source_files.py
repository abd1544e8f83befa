"""Source tables: faults are typed errors, and no value of a patient stands in them."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.sources.source_files import (
    SourceFolder,
    image_files,
    labels_from_text,
    numbers,
    split_of,
    subject_numbers,
)
from monai_app.core.errors import InputRejected


@pytest.fixture
def folder(tmp_path: Path) -> SourceFolder:
    (tmp_path / "t.csv").write_text("id,x\na,1\nb,2\n")
    return SourceFolder(tmp_path)


def _patients() -> pl.DataFrame:
    return pl.DataFrame({"id": ["a", "b"]}).with_columns(subject_numbers(pl.col("id"), "test").alias("subject_id"))


def test_plain_and_gzip_tables_read_alike(folder: SourceFolder) -> None:
    (folder.root / "U.CSV.gz").write_bytes(gzip.compress((folder.root / "t.csv").read_bytes()))
    assert folder.table("u.csv", columns=("id", "x")).equals(folder.table("t.csv", columns=("id", "x")))
    assert set(folder.hashes) == {"t.csv", "U.CSV.gz"}


def test_absent_folder_and_file(folder: SourceFolder, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="SOURCE_INCOMPLETE"):
        SourceFolder(tmp_path / "nowhere")
    with pytest.raises(InputRejected, match=r"SOURCE_INCOMPLETE.*v\.csv"):
        folder.table("v.csv", columns=())


def test_missing_column_is_named(folder: SourceFolder) -> None:
    with pytest.raises(InputRejected, match=r"MISSING_COLUMN.*no y"):
        folder.table("t.csv", columns=("id", "y"))


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08broken", gzip.compress(b"id,x\n" + b"a,1\n" * 500)[:-20], b""])
def test_damaged_gzip_is_refused(folder: SourceFolder, content: bytes) -> None:
    (folder.root / "d.csv.gz").write_bytes(content)
    with pytest.raises(InputRejected, match="TABLE_UNREADABLE"):
        folder.table("d.csv", columns=("id",))


def test_decompression_bomb_is_refused(folder: SourceFolder) -> None:
    (folder.root / "b.csv.gz").write_bytes(gzip.compress(b"id,x\n" + b"0" * (65 << 20)))
    with pytest.raises(InputRejected, match="TABLE_TOO_LARGE"):
        folder.table("b.csv", columns=("id",))


def test_text_where_a_number_belongs_is_counted_not_shown() -> None:
    frame = pl.DataFrame({"x": ["1", "canary", None]})
    with pytest.raises(InputRejected, match=r"VALUE_INVALID.*column x.*1 rows") as caught:
        numbers(frame, ("x",), pl.Int64, table="t")
    assert "canary" not in str(caught.value)


def test_patient_numbers_do_not_depend_on_the_rows() -> None:
    ids = pl.DataFrame({"id": ["b", "c", "a", "b"]})
    again = ids.select(subject_numbers(pl.col("id"), "test"))["id"]
    assert again[0] == again[3] == _patients()["subject_id"][1]
    assert again.n_unique() == 3
    assert ids.select(subject_numbers(pl.col("id"), "other"))["id"][0] != again[0]


def test_split_by_hash_is_stable_and_complete(folder: SourceFolder) -> None:
    many = pl.DataFrame({"id": [f"p{n}" for n in range(1000)]})
    many = many.with_columns(subject_numbers(pl.col("id"), "test").alias("subject_id"))
    splits, rule = split_of(folder, many, key="id")
    shares = dict(splits["split"].value_counts().iter_rows())
    assert sum(shares.values()) == 1000
    assert 600 < shares["train"] < 800
    assert splits.equals(split_of(folder, many, key="id")[0])
    assert "hash" in rule


def test_split_names_become_meds_names(folder: SourceFolder) -> None:
    (folder.root / "splits.csv").write_text("id,split\na,val\nb,test\n")
    assert split_of(folder, _patients(), key="id")[0]["split"].to_list() == ["tuning", "held_out"]


@pytest.mark.parametrize("rows", ["a,train", "a,train\nb,somewhere"])
def test_patient_without_a_split_is_refused(folder: SourceFolder, rows: str) -> None:
    (folder.root / "splits.csv").write_text(f"id,split\n{rows}\n")
    with pytest.raises(InputRejected, match=r"SPLIT_UNKNOWN.*1 patients"):
        split_of(folder, _patients(), key="id")


def test_patient_in_two_splits_is_refused(folder: SourceFolder) -> None:
    (folder.root / "splits.csv").write_text("id,split\na,train\nb,train\nb,test\n")
    with pytest.raises(InputRejected, match="SUBJECT_IN_TWO_SPLITS"):
        split_of(folder, _patients(), key="id")


def test_label_outside_its_set_is_refused() -> None:
    frame = pl.DataFrame({"y": ["Y", "N", "perhaps", None]})
    with pytest.raises(InputRejected, match=r"LABEL_OUTSIDE_SET.*1 rows"):
        labels_from_text(frame, "y", {"Y": True, "N": False}, task="t")


def test_images_must_exist_below_the_folder(folder: SourceFolder) -> None:
    (folder.root / "images").mkdir()
    with pytest.raises(InputRejected, match=r"IMAGE_MISSING.*1 of 1"):
        image_files(folder, "images", ["a.jpg"])
    with pytest.raises(InputRejected, match="PATH_ESCAPES"):
        image_files(folder, "images", ["../t.csv"])
