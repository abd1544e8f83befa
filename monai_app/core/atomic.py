"""Atomic output: a reader sees the old file or the new one, never half of one.

Every write goes to a temporary sibling, is fsynced, renamed over the target, and the directory is fsynced.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
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


def _fsync(path: Path) -> None:
    """Flush a file or a directory to the disk."""
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
        with _typed_write_errors():
            target.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            _fsync(temporary)
            temporary.replace(target)
            _fsync(target.parent)
    finally:
        with suppress(OSError):  # its place may be no directory at all
            temporary.unlink()


@contextmanager
def atomic_directory(path: str | Path, *, force: bool = False) -> Iterator[Path]:
    """Yield a temporary sibling directory; on success it becomes ``path`` as a whole, on error nothing is left.

    Of two writers without ``force`` the second is rejected. Replacing takes two renames: a machine that stops between
    them leaves the old content beside its place as ``.<name>.<id>.old``.

    Raises:
        InputRejected: ``OUTPUT_EXISTS`` when ``path`` holds files and ``force`` is false; ``OUTPUT_UNSAFE`` when
            replacing it would remove the working or home directory.
        AppError: ``WRITE_FAILED``; what was there stays intact.
    """
    target = Path(path)
    refuse_existing(target, force=force)
    if force:
        _refuse_unsafe(target)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with _typed_write_errors():
            temporary.mkdir(parents=True)
            yield temporary
            for item in sorted(temporary.rglob("*"), reverse=True):
                if not item.is_symlink():
                    _fsync(item)
            _fsync(temporary)
            refuse_existing(target, force=force)
            _swap(temporary, target)
            _fsync(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap(temporary: Path, target: Path) -> None:
    """Put a directory in the place of whatever is there."""
    if not target.exists():
        temporary.replace(target)
        return
    retired = target.with_name(f".{target.name}.{uuid.uuid4().hex}.old")
    target.replace(retired)
    try:
        temporary.replace(target)
    except OSError:
        retired.replace(target)
        raise
    if retired.is_dir():
        shutil.rmtree(retired)
    else:
        retired.unlink()


def _refuse_unsafe(target: Path) -> None:
    whole = target.resolve()
    if any(place.resolve().is_relative_to(whole) for place in (Path.cwd(), Path.home())):
        raise InputRejected(
            "OUTPUT_UNSAFE",
            "replacing the output would remove the working or home directory",
            expected="a folder of its own",
            remedy="Choose another --out.",
        )


@contextmanager
def _typed_write_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:  # a missing input or a fault of the program: no word about the disk
        raise
    except OSError as error:
        raise AppError(
            "WRITE_FAILED",
            "an output could not be written",
            got=type(error).__name__ + (f" {os.strerror(error.errno)}" if error.errno else ""),
            expected="a writable disk with room",
            remedy="Free space or choose another --out; earlier files are intact.",
        ) from error


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


def copy_file(source: str | Path, target: str | Path) -> None:
    """Copy a file's content atomically."""
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)


def spool(path: str | Path, chunks: Iterable[bytes]) -> None:
    """Write a scratch file in chunks, for what is thrown away soon: it is not flushed to the disk.

    Raises:
        AppError: ``WRITE_FAILED``; nothing half written is left. What ``chunks`` raises passes as it is.
    """
    target = Path(path)
    with _typed_write_errors():
        stream = target.open("xb", buffering=0)
    try:
        with stream:
            for chunk in chunks:  # whose errors may be OSErrors of a network: they pass as they are
                rest = memoryview(chunk)
                while rest:
                    with _typed_write_errors():
                        rest = rest[stream.write(rest) :]
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise
