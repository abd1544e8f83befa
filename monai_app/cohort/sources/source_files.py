"""The tables of a source: required columns, numbers, patient numbers, splits and labels, each fault a typed error.

Tables are read as text and typed on purpose afterwards, so that ``> 89`` or ``inf`` cannot become a guess.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.core.random import derive_seed

SPLIT_NAMES = {"train": "train", "val": "tuning", "test": "held_out", "tuning": "tuning", "held_out": "held_out"}
"""Names of splits in the wild and in MEDS."""

HASHED_SPLIT_PERCENT = {"train": 70, "tuning": 15, "held_out": 15}
"""Shares of the split by hash of the patient, for sources without a splits.csv."""

_MAX_EXPANSION = 400
_MIN_CAP_BYTES = 64 << 20


class SourceFolder:
    """The folder a source is read from; remembers the hash of every file it read.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.hashes: dict[str, str] = {}
        if not self.root.is_dir():
            raise InputRejected("SOURCE_INCOMPLETE", "the source folder is missing", remedy="Check --from.")

    def find(self, *names: str) -> Path | None:
        """The first file of these relative names (``.gz`` and other capitals accepted) that exists."""
        for name in names:
            folder = (self.root / name).parent
            wanted = {Path(name).name.lower(), Path(name).name.lower() + ".gz"}
            found = sorted(path for path in folder.glob("*") if path.name.lower() in wanted) if folder.is_dir() else []
            if found:
                return found[0]
        return None

    def require(self, *names: str) -> Path:
        """As :meth:`find`.

        Raises:
            InputRejected: ``SOURCE_INCOMPLETE``.
        """
        path = self.find(*names)
        if path is None:
            raise InputRejected(
                "SOURCE_INCOMPLETE",
                f"{names[0]} was not found",
                expected=" or ".join(names),
                remedy="Point --from at the folder that holds it.",
            )
        return path

    def scan(self, *names: str, columns: Sequence[str]) -> pl.LazyFrame:
        """The columns of a CSV table (plain or gzip) as text, lazily; parquet keeps its types.

        Raises:
            InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``TABLE_UNREADABLE``, ``TABLE_TOO_LARGE``.
        """
        path = self.require(*names)
        self.hashes[path.relative_to(self.root).as_posix()] = sha256_file(path)
        try:
            if path.suffix == ".parquet":
                lazy = pl.scan_parquet(path)
            else:
                lazy = pl.scan_csv(_plain(path) if path.suffix == ".gz" else path, infer_schema=False)
            found = lazy.collect_schema().names()
        except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
            raise _unreadable(names[0], error) from None
        check_columns(found, columns, table=names[0])
        return lazy.select(columns)

    def table(self, *names: str, columns: Sequence[str]) -> pl.DataFrame:
        """As :meth:`scan`, read into memory."""
        return collected(self.scan(*names, columns=columns), table=names[0])


def collected(lazy: pl.LazyFrame, *, table: str) -> pl.DataFrame:
    """Read a lazy table.

    Raises:
        InputRejected: ``TABLE_UNREADABLE``.
    """
    try:
        return lazy.collect()
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise _unreadable(table, error) from None


def _plain(path: Path) -> io.BytesIO:
    """The content of a gzip file, refusing to expand beyond what a table can."""
    cap = max(_MIN_CAP_BYTES, _MAX_EXPANSION * path.stat().st_size)
    try:
        with gzip.open(path) as stream:
            data = stream.read(cap + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path.name.removesuffix(".gz"), error) from None
    if len(data) > cap:
        raise InputRejected(
            "TABLE_TOO_LARGE",
            "a compressed table expands beyond reason",
            got=f"more than {cap} bytes",
            expected=f"at most {_MAX_EXPANSION} times its compressed size",
            remedy="If it is genuine, decompress it to .csv first.",
        )
    return io.BytesIO(data)


def _unreadable(name: str, error: Exception) -> InputRejected:
    return InputRejected(
        "TABLE_UNREADABLE",
        f"{name} is damaged or no table",
        got=type(error).__name__,
        expected="a complete table with a header line",
        remedy="Restore it from the source.",
    )


def check_columns(found: Iterable[str], needed: Sequence[str], *, table: str) -> None:
    """Refuse a table without the columns it must have.

    Raises:
        InputRejected: ``MISSING_COLUMN`` naming them.
    """
    have = set(found)
    if missing := [column for column in needed if column not in have]:
        raise InputRejected(
            "MISSING_COLUMN",
            f"{table} lacks columns",
            got=f"no {', '.join(missing)}",
            expected=", ".join(needed),
            remedy="Check the version of the source.",
        )


def numbers(frame: pl.DataFrame, columns: Sequence[str], dtype: type[pl.DataType], *, table: str) -> pl.DataFrame:
    """Cast text columns to numbers; empty stays null.

    Raises:
        InputRejected: ``VALUE_INVALID`` naming the column, when a text is no number.
    """
    cast = frame.with_columns(pl.col(column).cast(pl.Float64, strict=False) for column in columns)
    for column in columns:
        bad = cast[column].null_count() - frame[column].null_count()
        if bad:
            raise InputRejected(
                "VALUE_INVALID", f"{table}, column {column}, holds text", got=f"{bad} rows", expected="numbers"
            )
    return cast.with_columns(pl.col(column).cast(dtype) for column in columns)


def subject_numbers(identifiers: pl.Expr, source: str) -> pl.Expr:
    """The source's patient identifiers as 63-bit numbers, the same in every build (a hash, not a row number)."""
    return identifiers.map_batches(
        lambda column: column.replace_strict(
            {value: derive_seed(source, str(value)) for value in column.unique()}, return_dtype=pl.Int64
        ),
        return_dtype=pl.Int64,
    )


def split_of(folder: SourceFolder, patients: pl.DataFrame, *, key: str) -> tuple[pl.DataFrame, str]:
    """The split of every patient, from splits.csv or else by hash, and the rule in words.

    Args:
        folder: where splits.csv may lie.
        patients: ``key`` and subject_id, one row a patient.
        key: the patient column of splits.csv.

    Returns:
        subject_id, split (MEDS names).

    Raises:
        InputRejected: ``SPLIT_UNKNOWN``, ``SUBJECT_IN_TWO_SPLITS`` and those of :meth:`SourceFolder.table`.
    """
    if folder.find("splits.csv") is None:
        bounds = (HASHED_SPLIT_PERCENT["train"], HASHED_SPLIT_PERCENT["train"] + HASHED_SPLIT_PERCENT["tuning"])
        part = pl.col("subject_id") % 100
        name = pl.when(part < bounds[0]).then(pl.lit("train")).when(part < bounds[1]).then(pl.lit("tuning"))
        rule = f"no splits.csv: split by a hash of the patient, {HASHED_SPLIT_PERCENT} percent"
        return patients.select("subject_id", name.otherwise(pl.lit("held_out")).alias("split")), rule
    given = folder.table("splits.csv", columns=(key, "split")).with_columns(
        pl.col("split").replace_strict(SPLIT_NAMES, default=None, return_dtype=pl.String),
        pl.col(key).cast(patients.schema[key], strict=False),
    )
    joined = patients.join(given.unique(), on=key, how="left").select("subject_id", "split")
    if joined["split"].null_count():
        raise InputRejected(
            "SPLIT_UNKNOWN",
            "splits.csv does not place every patient",
            got=f"{joined['split'].null_count()} patients",
            expected=f"one of {', '.join(SPLIT_NAMES)} for each",
        )
    if joined.height != patients.height:
        raise InputRejected(
            "SUBJECT_IN_TWO_SPLITS",
            "splits.csv places patients in more than one split",
            got=f"{joined.height - patients.height} patients",
            expected="each patient in one split",
        )
    return joined, "splits.csv: train, val as tuning, test as held_out"


def labels_from_text(frame: pl.DataFrame, column: str, values: dict[str, bool | None], *, task: str) -> pl.Expr:
    """A text column as a nullable boolean label.

    Args:
        frame: the rows, to check that nothing else occurs.
        column: the text column; null is unlabelled.
        values: what each text means; None is unlabelled.
        task: for the message.

    Raises:
        InputRejected: ``LABEL_OUTSIDE_SET``.
    """
    outside = frame.filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(list(values))).height
    if outside:
        raise InputRejected(
            "LABEL_OUTSIDE_SET",
            f"task {task}: column {column} holds labels outside its set",
            got=f"{outside} rows",
            expected=", ".join(values),
        )
    return pl.col(column).replace_strict(values, default=None, return_dtype=pl.Boolean)


def image_files(folder: SourceFolder, subfolder: str, names: Sequence[str]) -> dict[str, bytes | Path]:
    """The image files of these names below a folder of the source, by name.

    Raises:
        InputRejected: ``PATH_ESCAPES``; ``IMAGE_MISSING`` with the number of absent files.
    """
    base = (folder.root / subfolder).resolve()
    paths = {name: base / name for name in names}
    if any(not path.resolve().is_relative_to(base) for path in paths.values()):
        raise InputRejected("PATH_ESCAPES", "an image path leaves the source", expected=f"paths below {subfolder}/")
    absent = sum(not path.is_file() for path in paths.values())
    if absent:
        raise InputRejected(
            "IMAGE_MISSING", "indexed images do not exist", got=f"{absent} of {len(names)}", expected="every image"
        )
    return dict(paths)
