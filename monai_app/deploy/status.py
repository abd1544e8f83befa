"""What a state file says about the worker: for people, machines and the status page; nothing that names a study."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monai_app.deploy.job_queue import JobQueue
from monai_app.deploy.result_sets import ResultSets
from monai_app.deploy.state_file import StateFile

_SHOWN = 100


def summary(queue: JobQueue, results: ResultSets) -> dict[str, Any]:
    """Counts of studies and sets of results, codes, and the studies that were given up.

    Raises:
        AppError: ``STATE_FAILED``.
    """
    return {
        "jobs": {str(state): count for state, count in queue.counts().items()},
        "results": {str(state): count for state, count in results.counts().items()},
        "stale_results": results.stale(),
        "codes": queue.reasons(),
        "feed_position": queue.position() or 0,
        "dead": [
            {
                "job": one.number,
                "code": one.code,
                "attempts": one.attempts,
                "since": datetime.fromtimestamp(one.since, UTC).isoformat(timespec="seconds"),
            }
            for one in queue.dead()[:_SHOWN]
        ],
    }


def read_summary(path: str | Path) -> dict[str, Any]:
    """Of a state file, beside a worker that runs or without one.

    Raises:
        InputRejected: ``STATE_MISSING``, ``STATE_FOREIGN``.
        AppError: ``STATE_FAILED``.
    """
    state = StateFile(path, writes=False)
    try:
        return summary(JobQueue(state, lambda: 0.0), ResultSets(state, lambda: 0.0))
    finally:
        state.close()


def revive(path: str | Path, number: int | None, *, now: float) -> int:
    """Let one of the dead, or all, be tried again; returns how many.

    Raises:
        InputRejected: ``STATE_MISSING``, ``STATE_FOREIGN``.
        AppError: ``STATE_FAILED``.
    """
    state = StateFile(path, sole=False)
    try:
        return JobQueue(state, lambda: now).revive(number)
    finally:
        state.close()
