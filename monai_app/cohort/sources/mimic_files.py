"""The tables of MIMIC, scanned lazily: the event tables are far larger than memory.

Column names are taken in either case: MIMIC-III has them in capitals, its demo and MIMIC-IV do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from monai_app.cohort.sources.source_files import SourceFolder, check_columns
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
DAY_FORMAT = "%Y-%m-%d"


def scan_table(folder: SourceFolder, *names: str, columns: Sequence[str], optional: Sequence[str] = ()) -> pl.LazyFrame:
    """The columns of a CSV table (plain or gzip, streamed), as text, in lower case.

    Args:
        folder: remembers the hash of the file.
        names: where the table may lie below the folder.
        columns: lower-case names that must be there.
        optional: lower-case names taken where they are there.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``TABLE_UNREADABLE``.
    """
    path = folder.require(*names)
    folder.hashes[path.relative_to(folder.root).as_posix()] = sha256_file(path)
    try:
        lazy = pl.scan_csv(path, infer_schema=False)
        found = {name.lower(): name for name in lazy.collect_schema().names()}
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise _unreadable(names[0], error) from None
    check_columns(found, columns, table=names[0])
    kept = [*columns, *(name for name in optional if name in found)]
    return lazy.select(pl.col(found[name]).alias(name) for name in kept)


def read_table(folder: SourceFolder, *names: str, columns: Sequence[str], optional: Sequence[str] = ()) -> pl.DataFrame:
    """As :func:`scan_table`, read into memory.

    Raises:
        InputRejected: as :func:`scan_table`, and ``TABLE_EMPTY``.
    """
    table = collected(scan_table(folder, *names, columns=columns, optional=optional), table=names[0])
    if table.is_empty():
        raise InputRejected("TABLE_EMPTY", f"{names[0]} has no rows", expected="at least one", remedy="Check --from.")
    return table


def collected(lazy: pl.LazyFrame, *, table: str) -> pl.DataFrame:
    """Read a lazy table piece by piece.

    Raises:
        InputRejected: ``TABLE_UNREADABLE``.
    """
    try:
        return lazy.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise _unreadable(table, error) from None


def times(frame: pl.DataFrame, columns: Sequence[str], *, table: str) -> pl.DataFrame:
    """Cast text columns to times, days to their midnight; empty stays null.

    Raises:
        InputRejected: ``VALUE_INVALID`` naming the column, when a text is no time.
    """
    text = {column: pl.col(column).replace("", None) for column in columns}
    parsed = frame.with_columns(
        pl.coalesce(
            written.str.to_datetime(pattern, time_unit="us", strict=False) for pattern in (TIME_FORMAT, DAY_FORMAT)
        ).alias(column)
        for column, written in text.items()
    )
    for column in columns:
        bad = parsed[column].null_count() - frame[column].replace("", None).null_count()
        if bad:
            raise InputRejected(
                "VALUE_INVALID", f"{table}, column {column}, holds text", got=f"{bad} rows", expected=TIME_FORMAT
            )
    return parsed


def _unreadable(name: str, error: Exception) -> InputRejected:
    return InputRejected(
        "TABLE_UNREADABLE",
        f"{name} is damaged or no table",
        got=type(error).__name__,
        expected="a complete table with a header line",
        remedy="Restore it from the source.",
    )
