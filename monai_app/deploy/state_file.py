"""The worker's memory: one SQLite file in WAL mode, written by one worker, read by anybody who may read it.

It holds no UID, name or date of a patient: UIDs are hashed. The one identifier is Orthanc's own name of a study, a
SHA-1 of patient ID and study UID, without which a queue could not ask for the study again; the file is readable by its
owner only.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monai_app.core.errors import AppError, InputRejected

_VERSION = 1
_BUSY_S = 30.0
_SCHEMA = """
CREATE TABLE feed (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    position INTEGER NOT NULL
);
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    study TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    noted INTEGER NOT NULL DEFAULT 1,
    claimed INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    outages INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    changed REAL NOT NULL,
    sources TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL DEFAULT '',
    settled TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    runs INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_due ON jobs (state, due);
CREATE TABLE results (
    number INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES jobs (number),
    uids TEXT NOT NULL,
    sources TEXT NOT NULL,
    state TEXT NOT NULL,
    changed REAL NOT NULL,
    UNIQUE (job, uids)
);
"""


class StateFile:
    """The open file; any thread may use it.

    Args:
        path: made where it is missing, with a ``.lock`` beside it.
        writes: False only reads, beside a worker that runs.

    Raises:
        InputRejected: ``STATE_MISSING`` where there is nothing to read; ``STATE_FOREIGN``.
        AppError: ``STATE_IN_USE`` where another worker has it; ``STATE_FAILED`` where it cannot be written.
    """

    def __init__(self, path: str | Path, *, writes: bool = True, sole: bool = True) -> None:
        self.path = Path(path)
        self._threads = threading.RLock()
        self._lock: int | None = None
        if not writes or not sole:
            if not self.path.is_file():
                raise InputRejected("STATE_MISSING", "there is no such state file", remedy="Check --state.")
        else:
            self._own()
        self._connection = self._open(writes)
        try:
            self._prepare(writes)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and let another worker have it."""
        with self._threads, suppress(sqlite3.Error):
            self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the statements inside or none; what is committed survives a crash of the machine."""
        with self._threads, _typed():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Statements that only read."""
        with self._threads, _typed():
            yield self._connection

    def _own(self) -> None:
        """One worker a file: a second one would take the first one's running jobs for those of a crash."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for one in (self.path, lock):
                one.touch(mode=0o600)
            self._lock = os.open(lock, os.O_RDONLY)
        except OSError as error:
            raise _failed(error) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise AppError(
                "STATE_IN_USE", "another worker has this state file", remedy="Stop it, or give each its own --state."
            ) from None

    def _open(self, writes: bool) -> sqlite3.Connection:
        mode = "rw" if writes else "ro"
        with _typed():
            connection = sqlite3.connect(
                f"{self.path.resolve().as_uri()}?mode={mode}",
                uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False,
            )  # fmt: skip
            connection.row_factory = sqlite3.Row
            return connection

    def _prepare(self, writes: bool) -> None:
        with _typed():
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version not in (0, _VERSION) or (version == 0 and (tables or not writes)):
            raise InputRejected(
                "STATE_FOREIGN", "the state file is of another program or version",
                got=f"version {version}", expected=f"version {_VERSION}",
                remedy="Give a new --state; results that are in the archive already are not stored twice.",
            )  # fmt: skip
        if not writes:
            return
        with _typed():
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        if version == 0:
            with self.transaction() as connection:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_VERSION}")


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            raise InputRejected("STATE_FOREIGN", "the state file is no SQLite file", remedy="Check --state.") from None
        raise _failed(error) from None


def _failed(error: Exception) -> AppError:
    return AppError(
        "STATE_FAILED", "the state file cannot be read or written", got=type(error).__name__,
        expected="a local disk with room that the worker may write to",
    )  # fmt: skip
