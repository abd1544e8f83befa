"""Which results of which images are in the archive: written down before they are stored, so that none is forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from monai_app.core.atomic import sha256_bytes
from monai_app.deploy.job_queue import Job
from monai_app.deploy.state_file import StateFile


class SetState(StrEnum):
    """Where a set of results stands."""

    STORING = "storing"
    CURRENT = "current"
    SUPERSEDED = "superseded"


def hashed(uid: str) -> str:
    """As UIDs stand in the state file."""
    return sha256_bytes(uid.encode())


class ResultSets:
    """The sets of results in a state file.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, state: StateFile, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock

    def storing(self, job: Job, uids: Iterable[str], sources: str) -> None:
        """Before the request is sent."""
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT INTO results (job, uids, sources, state, changed) VALUES (:job, :uids, :sources, :state, :now)"
                " ON CONFLICT (job, uids) DO UPDATE SET sources = :sources, state = :state, changed = :now",
                {
                    "job": job.number, "uids": _key(uids), "sources": sources,
                    "state": SetState.STORING, "now": self._clock(),
                },
            )  # fmt: skip

    def others(self, job: Job, keep: Sequence[str]) -> set[str]:
        """Hashed UIDs of everything that was ever stored for the job, but for what is kept."""
        return {uid for uids, _ in self._rows(job) for uid in uids} - {hashed(uid) for uid in keep}

    def current(self, job: Job) -> set[str]:
        """Hashed UIDs of the set that stands, empty where none does."""
        return {uid for uids, state in self._rows(job) if state == SetState.CURRENT for uid in uids}

    def replace(self, job: Job, keep: Sequence[str]) -> int:
        """The kept set stands and every other is superseded; returns how many were.

        Args:
            keep: UIDs, empty where no set stands any more.
        """
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE results SET state = 'current', changed = ? WHERE job = ? AND uids = ?",
                (self._clock(), job.number, _key(keep)),
            )
            return connection.execute(
                "UPDATE results SET state = 'superseded', changed = ? WHERE job = ? AND uids != ?"
                " AND state != 'superseded'",
                (self._clock(), job.number, _key(keep)),
            ).rowcount

    def counts(self) -> dict[SetState, int]:
        """Sets by state, also of those that are none."""
        with self._state.reading() as connection:
            rows = connection.execute("SELECT state, count(*) AS sets FROM results GROUP BY state").fetchall()
        return {state: 0 for state in SetState} | {SetState(row["state"]): int(row["sets"]) for row in rows}

    def stale(self) -> int:
        """Sets that stand in the archive while their studies hold other images and nothing is settled about them."""
        with self._state.reading() as connection:
            row = connection.execute(
                "SELECT count(*) AS sets FROM results JOIN jobs ON results.job = jobs.number"
                " WHERE results.state = 'current' AND jobs.settled = ''"
            ).fetchone()
        return int(row["sets"])

    def _rows(self, job: Job) -> list[tuple[list[str], str]]:
        with self._state.reading() as connection:
            rows = connection.execute("SELECT uids, state FROM results WHERE job = ?", (job.number,)).fetchall()
        return [(json.loads(row["uids"]), str(row["state"])) for row in rows]


def _key(uids: Iterable[str]) -> str:
    return json.dumps(sorted(map(hashed, uids)))
