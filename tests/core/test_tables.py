"""Tables: equal content gives equal bytes, and reading gives back what was written."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from monai_app.core.tables import write_csv, write_parquet

TABLE = pl.DataFrame({"subject_id": [1, 2], "value": [0.5, None], "note": ["a,b", 'c"d']})


def test_parquet_comes_back_and_is_byte_identical(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_parquet(tmp_path / name / "x.parquet", TABLE)
    assert pl.read_parquet(tmp_path / "a" / "x.parquet").equals(TABLE)
    assert (tmp_path / "a" / "x.parquet").read_bytes() == (tmp_path / "b" / "x.parquet").read_bytes()


def test_arrow_and_polars_tables_are_written_alike(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", TABLE.to_arrow())
    assert pl.read_parquet(tmp_path / "x.parquet").equals(TABLE)


def test_csv_comes_back(tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv", TABLE)
    assert pl.read_csv(tmp_path / "x.csv").equals(TABLE)
