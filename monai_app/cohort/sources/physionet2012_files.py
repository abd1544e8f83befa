"""The record files of the PhysioNet Challenge 2012, from a folder or a .tar.gz, as one table.

A record is ``<RecordID>.txt`` with lines ``Time,Parameter,Value``. 8,000 files are joined in memory and parsed at once.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from monai_app.core.errors import InputRejected

_HEADER = b"Time,Parameter,Value"
_RECORD_NAME = re.compile(r"(?:^|/)(\d{1,18})\.txt$")
_MAX_RECORD_BYTES = 4 << 20
"""The largest real record has 60 kB; anything above this is no record (or a decompression bomb)."""
_MAX_RECORDS = 100_000


def read_records(root: Path, name: str) -> tuple[pl.DataFrame, str]:
    """All records of one set, from the folder ``<name>`` or the archive ``<name>.tar.gz`` below ``root``.

    Returns:
        record_id (from the file name), Time, Parameter, Value (all but the first as text), in file order; and the
        SHA-256 of the records in the order of their ids.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``ARCHIVE_DAMAGED``, ``MISSING_COLUMN``, ``RECORD_TRUNCATED``,
            ``RECORD_TOO_LARGE``, ``RECORD_DUPLICATE``.
    """
    records: dict[int, bytes] = {}
    for record_id, data in _stream(root, name):
        if record_id in records:
            raise InputRejected("RECORD_DUPLICATE", f"{name} holds a record twice", expected="one file a RecordID")
        records[record_id] = _checked(data, name)
    if not records:
        raise InputRejected("EMPTY_COHORT", f"{name} holds no record files", expected="<RecordID>.txt files")
    digest = hashlib.sha256()
    for record_id in sorted(records):
        digest.update(records[record_id])
    return _parse(records, name), digest.hexdigest()


def _stream(root: Path, name: str) -> Iterator[tuple[int, bytes]]:
    folder, archive = root / name, root / f"{name}.tar.gz"
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if match := _RECORD_NAME.search(path.name):
                _check_size(path.stat().st_size, name)
                yield int(match[1]), path.read_bytes()
    elif archive.is_file():
        yield from _stream_archive(archive, name)
    else:
        raise InputRejected(
            "SOURCE_INCOMPLETE",
            f"{name} was not found",
            expected=f"{name}/ or {name}.tar.gz",
            remedy="Point --from at the folder that holds the sets and Outcomes-*.txt.",
        )


def _stream_archive(archive: Path, name: str) -> Iterator[tuple[int, bytes]]:
    """Records from the archive, read as a stream into memory; nothing is unpacked, so member paths cannot escape."""
    try:
        with tarfile.open(archive, "r|gz") as stream:
            for count, member in enumerate(stream):
                if count > _MAX_RECORDS:
                    raise InputRejected(
                        "RECORD_TOO_LARGE", f"{name}.tar.gz has too many members", expected=f"<= {_MAX_RECORDS}"
                    )
                match = _RECORD_NAME.search(member.name)
                if match and member.isfile():
                    _check_size(member.size, name)
                    content = stream.extractfile(member)
                    yield int(match[1]), content.read() if content else b""
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InputRejected(
            "ARCHIVE_DAMAGED",
            f"{name}.tar.gz cannot be read to its end",
            got=type(error).__name__,
            expected="a complete .tar.gz",
            remedy="Download it again.",
        ) from error


def _check_size(size_bytes: int, name: str) -> None:
    if size_bytes > _MAX_RECORD_BYTES:
        raise InputRejected(
            "RECORD_TOO_LARGE",
            f"a record of {name} is too large",
            got=f"{size_bytes} bytes",
            expected=f"<= {_MAX_RECORD_BYTES}",
        )


def _checked(data: bytes, name: str) -> bytes:
    """The record with Unix line ends, after checking its header and its end."""
    data = data.replace(b"\r\n", b"\n")
    if not data.startswith(_HEADER + b"\n"):
        raise InputRejected(
            "MISSING_COLUMN", f"a record of {name} lacks columns", got="another first line", expected=_HEADER.decode()
        )
    if not data.endswith(b"\n") or data.count(b",") != 2 * data.count(b"\n"):
        raise InputRejected(
            "RECORD_TRUNCATED",
            f"a record of {name} ends within a line or has broken lines",
            expected="complete lines of Time,Parameter,Value",
            remedy="Restore the file from the source.",
        )
    return data


def _parse(records: dict[int, bytes], name: str) -> pl.DataFrame:
    counts = [data.count(b"\n") - 1 for data in records.values()]
    body = b"".join(data[len(_HEADER) + 1 :] for data in records.values())
    try:
        rows = pl.read_csv(
            io.BytesIO(body),
            has_header=False,
            new_columns=["Time", "Parameter", "Value"],
            infer_schema=False,
            quote_char=None,
        )
    except pl.exceptions.PolarsError:
        raise InputRejected("RECORD_TRUNCATED", f"a record of {name} is not text in UTF-8") from None
    ids = pl.DataFrame(
        {"record_id": list(records), "count": counts}, schema={"record_id": pl.Int64, "count": pl.UInt32}
    )
    repeated = ids.select(pl.col("record_id").repeat_by("count").explode(empty_as_null=False))["record_id"]
    if len(repeated) != rows.height:
        raise InputRejected("RECORD_TRUNCATED", f"a record of {name} has empty lines", expected="one row a line")
    return rows.insert_column(0, repeated)
