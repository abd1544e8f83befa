"""Atomic output: a reader sees the old file or the new one, never half of one.

Every write goes to a temporary sibling, is fsynced, renamed over the target, and the directory is fsynced.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monai_app.core.errors import AppError, InputRejected

_CHUNK_BYTES = 1 << 20


def sha256_bytes(data: bytes) -> str:
    """Hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | Path) -> str:
    """Hex SHA-256 of a file's content, read in chunks."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def content_hash(value: Any) -> str:
    """Hex SHA-256 of a JSON-able value, independent of key order."""
    return sha256_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode())


def _fsync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fsync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse_existing(path: str | Path, *, force: bool) -> None:
    """Reject an output path that holds something already, unless ``force``.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``; an empty directory does not count as something.
    """
    target = Path(path)
    taken = any(target.iterdir()) if target.is_dir() else target.exists()
    if taken and not force:
        raise InputRejected(
            "OUTPUT_EXISTS",
            "the output path already holds files",
            expected="a new or empty path",
            remedy="Choose another --out, or pass --force to replace it.",
        )


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling path with the same suffix; on success it replaces ``path``, on error it is removed.

    For libraries that want to write a file themselves.

    Raises:
        AppError: ``WRITE_FAILED`` when the disk is full or not writable; the old file stays intact.
    """
    target = Path(path)
    temporary = target.with_name(f".{uuid.uuid4().hex}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _fsync_file(temporary)
        os.replace(temporary, target)
        _fsync_directory(target.parent)
    except OSError as error:
        raise AppError(
            "WRITE_FAILED",
            "an output file could not be written",
            got=type(error).__name__ + (f" {os.strerror(error.errno)}" if error.errno else ""),
            expected="a writable disk with room",
            remedy="Free space or choose another --out; earlier files are intact.",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: str | Path, *, force: bool = False) -> Iterator[Path]:
    """Yield a temporary sibling directory; on success it becomes ``path`` as a whole, on error nothing is left.

    Raises:
        InputRejected: ``OUTPUT_EXISTS`` when ``path`` holds files and ``force`` is false.
    """
    target = Path(path)
    refuse_existing(target, force=force)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for item in sorted(temporary.rglob("*")):
            if item.is_file() and not item.is_symlink():
                _fsync_file(item)
        _fsync_directory(temporary)
        if target.exists():
            retired = target.with_name(f".{target.name}.{uuid.uuid4().hex}.old")
            os.replace(target, retired)
            os.replace(temporary, target)
            shutil.rmtree(retired)
        else:
            os.replace(temporary, target)
        _fsync_directory(target.parent)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)


def write_bytes(path: str | Path, data: bytes) -> str:
    """Write bytes atomically and return their SHA-256."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return sha256_bytes(data)


def write_text(path: str | Path, text: str) -> str:
    """Write UTF-8 text atomically and return its SHA-256."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, value: Any) -> str:
    """Write a JSON document (sorted keys, NaN refused) atomically and return its SHA-256."""
    return write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False, default=str) + "\n")
