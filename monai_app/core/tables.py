"""Parquet and CSV written atomically."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from monai_app.core.atomic import atomic_path


def write_parquet(path: str | Path, table: pl.DataFrame | pa.Table) -> None:
    """Write a table as zstd-compressed parquet, deterministically for equal content."""
    arrow = table.to_arrow() if isinstance(table, pl.DataFrame) else table
    with atomic_path(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd")


def write_csv(path: str | Path, table: pl.DataFrame) -> None:
    """Write a table as UTF-8 CSV."""
    with atomic_path(path) as temporary:
        table.write_csv(temporary)
