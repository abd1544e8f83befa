"""The queue: one job a study, noted from the archive's change feed, claimed by a thread, settled for a set of images.

waiting -> running -> done | rejected | failed (tried again) -> dead. A study that changes while it runs waits again.
A job that is found running when a worker starts was cut off: it waits again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monai_app.deploy.state_file import StateFile

CRASHED = "WORKER_CRASHED"


class JobState(StrEnum):
    """Where a study stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    DEAD = "dead"


@dataclass(frozen=True)
class Job:
    """A claimed study.

    Attributes:
        number: what logs and people call it.
        study: the archive's name; never shown.
        attempts: with this one, since it was last settled.
        outages: how often the archive or the disk, not the study, was the reason.
        settled: hash of the images that the last outcome rests on, "" before the first.
        outcome: done or rejected, "" before the first.
        reason: code of a rejection.
    """

    number: int
    study: str = field(repr=False)
    attempts: int
    outages: int
    settled: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class DeadJob:
    """A study that was given up."""

    number: int
    code: str
    attempts: int
    since: float


class JobQueue:
    """The jobs in a state file.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, state: StateFile, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock

    def position(self) -> int | None:
        """Of the feed, None before the first note."""
        with self._state.reading() as connection:
            row = connection.execute("SELECT position FROM feed").fetchone()
        return None if row is None else int(row["position"])

    def note(self, studies: Sequence[str], position: int, *, quiet_s: float = 0.0) -> None:
        """Remember that studies changed, together with the position that says so.

        Args:
            quiet_s: how long after their last change they are due.
        """
        now = self._clock()
        with self._state.transaction() as connection:
            for study in studies:
                connection.execute(
                    "INSERT INTO jobs (study, state, due, changed) VALUES (:study, 'waiting', :due, :now)"
                    " ON CONFLICT (study) DO UPDATE SET noted = noted + 1, changed = :now, due = :due,"
                    " attempts = CASE WHEN state = 'running' THEN attempts ELSE 0 END,"
                    " state = CASE WHEN state = 'running' THEN state ELSE 'waiting' END",
                    {"study": study, "due": now + quiet_s, "now": now},
                )
            connection.execute("INSERT OR REPLACE INTO feed (only, position) VALUES (1, ?)", (position,))

    def claim(self) -> Job | None:
        """The job that is due longest, now running; None where none is due."""
        with self._state.transaction() as connection:
            row = connection.execute(
                "UPDATE jobs SET state = 'running', claimed = noted, attempts = attempts + 1, changed = :now"
                " WHERE number = (SELECT number FROM jobs WHERE state IN ('waiting', 'failed') AND due <= :now"
                " ORDER BY due LIMIT 1) RETURNING *",
                {"now": self._clock()},
            ).fetchall()
        return _job(row[0]) if row else None

    def recover(self, *, most_attempts: int) -> int:
        """At the start: jobs of a worker that was cut off wait again; one that cuts it off each time is given up."""
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'dead', code = ?, changed = ? WHERE state = 'running' AND attempts >= ?",
                (CRASHED, self._clock(), most_attempts),
            )
            return connection.execute("UPDATE jobs SET state = 'waiting', due = 0 WHERE state = 'running'").rowcount

    def begin(self, job: Job, sources: str, now: datetime) -> datetime:
        """Re-open the study for these images; what was settled before holds no more.

        Returns:
            The time that stands in the results: of the first try with these images, so that a retry writes the same.
        """
        with self._state.transaction() as connection:
            row = connection.execute("SELECT sources, created FROM jobs WHERE number = ?", (job.number,)).fetchone()
            same = row["sources"] == sources and row["created"]
            created = datetime.fromisoformat(row["created"]) if same else now
            connection.execute(
                "UPDATE jobs SET sources = ?, created = ?, runs = runs + 1, settled = '', outcome = '', reason = ''"
                " WHERE number = ?",
                (sources, created.isoformat(), job.number),
            )
        return created

    def open(self, job: Job) -> bool:
        """Whether nothing is settled about the images that the study holds."""
        with self._state.reading() as connection:
            row = connection.execute("SELECT settled FROM jobs WHERE number = ?", (job.number,)).fetchone()
        return row is None or not row["settled"]

    def settle(self, job: Job, state: JobState, sources: str, *, reason: str = "") -> None:
        """Done or rejected, for these images."""
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET settled = ?, outcome = ?, reason = ?, attempts = 0, outages = 0, code = ?"
                " WHERE number = ?",
                (sources, state, reason, reason, job.number),
            )
            self._leave(connection, job, state)

    def unchanged(self, job: Job) -> None:
        """What the last outcome rests on is what the study holds."""
        self.settle(job, JobState(job.outcome), job.settled, reason=job.reason)

    def postpone(self, job: Job, seconds: float) -> None:
        """The study is still arriving: no attempt."""
        self._again(job, JobState.WAITING, "", seconds, refund=True)

    def outage(self, job: Job, code: str, seconds: float) -> None:
        """The archive or the disk failed: tried again for as long as it takes."""
        self._again(job, JobState.FAILED, code, seconds, refund=True)

    def failed(self, job: Job, code: str, seconds: float) -> None:
        """Tried again."""
        self._again(job, JobState.FAILED, code, seconds, refund=False)

    def give_up(self, job: Job, code: str) -> None:
        """Onto the list of the dead."""
        with self._state.transaction() as connection:
            connection.execute("UPDATE jobs SET code = ? WHERE number = ?", (code, job.number))
            self._leave(connection, job, JobState.DEAD)

    def forget(self, job: Job) -> None:
        """The study is not in the archive any more, unless it came back meanwhile."""
        with self._state.transaction() as connection:
            connection.execute("DELETE FROM results WHERE job = ?", (job.number,))
            self._leave(connection, job, JobState.DONE)
            connection.execute("DELETE FROM jobs WHERE number = ? AND state = 'done'", (job.number,))

    def revive(self, number: int | None = None) -> int:
        """Let one of the dead, or all, be tried again; returns how many."""
        chosen = "state = 'dead'" + ("" if number is None else " AND number = :number")
        with self._state.transaction() as connection:
            return connection.execute(
                f"UPDATE jobs SET state = 'waiting', attempts = 0, outages = 0, due = 0, changed = :now WHERE {chosen}",
                {"now": self._clock(), "number": number},
            ).rowcount

    def counts(self) -> dict[JobState, int]:
        """Jobs by state, also of those that are none."""
        with self._state.reading() as connection:
            rows = connection.execute("SELECT state, count(*) AS jobs FROM jobs GROUP BY state").fetchall()
        return {state: 0 for state in JobState} | {JobState(row["state"]): int(row["jobs"]) for row in rows}

    def reasons(self) -> dict[str, int]:
        """Codes of rejections and failures, with the number of studies."""
        with self._state.reading() as connection:
            rows = connection.execute("SELECT code, count(*) AS jobs FROM jobs WHERE code != '' GROUP BY code")
            return {str(row["code"]): int(row["jobs"]) for row in rows}

    def dead(self) -> list[DeadJob]:
        """The studies that were given up, by number."""
        with self._state.reading() as connection:
            rows = connection.execute("SELECT * FROM jobs WHERE state = 'dead' ORDER BY number").fetchall()
        return [DeadJob(row["number"], row["code"], row["attempts"], row["changed"]) for row in rows]

    def _again(self, job: Job, state: JobState, code: str, seconds: float, *, refund: bool) -> None:
        paid = int(refund)
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, code = ?, due = ?, changed = ?, attempts = max(attempts - ?, 0),"
                " outages = outages + ? WHERE number = ?",
                (
                    state, code, self._clock() + seconds, self._clock(), paid,
                    int(refund and state is JobState.FAILED), job.number,
                ),
            )  # fmt: skip

    def _leave(self, connection: sqlite3.Connection, job: Job, state: JobState) -> None:
        """A study that changed meanwhile waits again, whatever came of it."""
        connection.execute(
            "UPDATE jobs SET state = CASE WHEN noted > claimed THEN 'waiting' ELSE :state END, changed = :now,"
            " attempts = CASE WHEN noted > claimed THEN 0 ELSE attempts END WHERE number = :number",
            {"state": state, "now": self._clock(), "number": job.number},
        )


def _job(row: sqlite3.Row) -> Job:
    return Job(
        row["number"], row["study"], row["attempts"], row["outages"], row["settled"], row["outcome"], row["reason"]
    )
