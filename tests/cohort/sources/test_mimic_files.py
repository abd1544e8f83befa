"""Tables of MIMIC: columns in either case, times and days, and what is no table."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.sources.mimic_files import read_table, scan_table, times
from monai_app.cohort.sources.source_files import SourceFolder
from monai_app.core.errors import InputRejected


@pytest.mark.parametrize("header", ["SUBJECT_ID,VALUE", "subject_id,value", "Value,Other,Subject_Id"])
def test_column_names_are_taken_in_either_case(tmp_path: Path, header: str) -> None:
    row = ",".join({"SUBJECT_ID": "1", "VALUE": "x"}.get(name.upper(), "-") for name in header.split(","))
    (tmp_path / "T.csv").write_text(f"{header}\n{row}\n")
    assert read_table(SourceFolder(tmp_path), "T.csv", columns=("subject_id", "value")).rows() == [("1", "x")]


def test_plain_and_gzip_give_the_same_and_are_hashed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,"a, ""quoted"" line\nand another"\n')
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    folder = SourceFolder(tmp_path)
    one, other = (read_table(folder, name, columns=("id", "text")) for name in ("a.csv", "b.csv"))
    assert one.equals(other) and sorted(folder.hashes) == ["a.csv", "b.csv.gz"]


def test_optional_columns_are_taken_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,ERROR\n1,0\n")
    lazy = scan_table(SourceFolder(tmp_path), "a.csv", columns=("id",), optional=("error", "warning"))
    assert lazy.collect_schema().names() == ["id", "error"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [(b"id\n", "TABLE_EMPTY"), (b"other\n1\n", "MISSING_COLUMN"), (b"", "TABLE_UNREADABLE")],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputRejected, match=fault):
        read_table(SourceFolder(tmp_path), "a.csv", columns=("id",))


def test_days_become_their_midnight_and_empty_stays_null() -> None:
    parsed = times(pl.DataFrame({"t": ["2150-01-02", "2150-01-02 03:04:05", "", None]}), ("t",), table="x")
    assert parsed["t"].to_list() == [dt.datetime(2150, 1, 2), dt.datetime(2150, 1, 2, 3, 4, 5), None, None]


def test_a_text_that_is_no_time_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"VALUE_INVALID.*column t"):
        times(pl.DataFrame({"t": ["soon"]}), ("t",), table="x")
