"""Jobs: one a study, the longest due first, refunds for what is not their fault, and the same date for every try."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from monai_app.deploy.job_queue import Job, JobQueue, JobState
from monai_app.deploy.state_file import StateFile

ONE, TWO = datetime(2026, 1, 1), datetime(2026, 1, 2)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> JobQueue:
    return JobQueue(StateFile(tmp_path / "state"), clock)


def claimed(queue: JobQueue) -> Job:
    job = queue.claim()
    assert job is not None
    return job


def test_a_study_is_one_job_however_often_it_is_noted(queue: JobQueue) -> None:
    assert queue.position() is None
    queue.note(["a", "b"], 3)
    queue.note(["b"], 4)
    assert queue.position() == 4 and queue.counts()[JobState.WAITING] == 2
    assert {claimed(queue).study, claimed(queue).study} == {"a", "b"} and queue.claim() is None


def test_nothing_is_due_before_it_was_quiet(queue: JobQueue, clock: Clock) -> None:
    queue.note(["a"], 1, quiet_s=5.0)
    clock.now += 4.0
    queue.note(["a"], 2, quiet_s=5.0)
    clock.now += 4.0
    assert queue.claim() is None
    clock.now += 1.0
    assert queue.claim() is not None


def test_a_study_that_changes_while_it_runs_waits_again(queue: JobQueue) -> None:
    queue.note(["a"], 1)
    job = claimed(queue)
    queue.note(["a"], 2)
    assert queue.claim() is None, "one study is never run by two threads"
    queue.settle(job, JobState.DONE, "images")
    again = claimed(queue)
    assert (again.settled, again.outcome) == ("images", "done")
    queue.unchanged(again)
    assert queue.counts()[JobState.DONE] == 1 and queue.claim() is None


def test_the_date_is_that_of_the_first_try_with_these_images(queue: JobQueue) -> None:
    queue.note(["a"], 1)
    job = claimed(queue)
    assert queue.begin(job, "images", ONE) == queue.begin(job, "images", TWO) == ONE
    assert queue.begin(job, "more images", TWO) == TWO


def test_postponing_and_outages_are_no_attempts_and_failures_are(queue: JobQueue) -> None:
    queue.note(["a"], 1)
    queue.postpone(claimed(queue), 0.0)
    queue.outage(claimed(queue), "PACS_UNREACHABLE", 0.0)
    queue.failed(claimed(queue), "PACS_TIMEOUT", 0.0)
    job = claimed(queue)
    assert (job.attempts, job.outages) == (2, 1)
    queue.give_up(job, "PACS_TIMEOUT")
    (dead,) = queue.dead()
    assert (dead.number, dead.code, dead.attempts) == (job.number, "PACS_TIMEOUT", 2)
    assert queue.revive(dead.number + 1) == 0 and queue.revive(dead.number) == 1
    assert claimed(queue).attempts == 1


def test_forgetting_keeps_a_study_that_came_back(queue: JobQueue) -> None:
    queue.note(["a"], 1)
    job = claimed(queue)
    queue.note(["a"], 2)
    queue.forget(job)
    queue.forget(claimed(queue))
    assert queue.claim() is None and sum(queue.counts().values()) == 0


def test_recovering_takes_running_jobs_only(queue: JobQueue) -> None:
    queue.note(["a", "b"], 1)
    queue.settle(claimed(queue), JobState.REJECTED, "images", reason="NO_SERIES_SELECTED")
    claimed(queue)
    assert queue.recover(most_attempts=5) == 1
    assert queue.counts()[JobState.WAITING] == 1 and queue.reasons() == {"NO_SERIES_SELECTED": 1}


def test_a_job_does_not_show_its_study(queue: JobQueue) -> None:
    queue.note(["CANARY"], 1)
    assert "CANARY" not in repr(claimed(queue))
