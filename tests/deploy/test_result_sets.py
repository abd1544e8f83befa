"""Sets of results: known before they are stored, one current, hashed."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.deploy.job_queue import Job, JobQueue
from monai_app.deploy.result_sets import ResultSets, hashed
from monai_app.deploy.state_file import StateFile


@pytest.fixture
def state(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "state")


@pytest.fixture
def results(state: StateFile) -> ResultSets:
    return ResultSets(state, lambda: 0.0)


@pytest.fixture
def job(state: StateFile) -> Job:
    queue = JobQueue(state, lambda: 0.0)
    queue.note(["a"], 1)
    job = queue.claim()
    assert job is not None
    return job


def test_a_set_stands_only_after_it_was_stored(results: ResultSets, job: Job) -> None:
    results.storing(job, ["1", "2"], "images")
    assert results.current(job) == set() and results.others(job, []) == {hashed("1"), hashed("2")}
    assert results.replace(job, ["2", "1"]) == 0
    assert results.current(job) == {hashed("1"), hashed("2")} and results.others(job, ["1", "2"]) == set()


def test_one_set_stands(results: ResultSets, job: Job) -> None:
    for uids in (["1", "2"], ["2", "3"], ["1", "2"]):
        results.storing(job, uids, "images")
        results.replace(job, uids)
        assert results.current(job) == {hashed(uid) for uid in uids}
    assert results.others(job, ["1", "2"]) == {hashed("3")}
    assert results.replace(job, []) == 1 and results.current(job) == set()


def test_a_set_without_a_settled_study_is_stale(results: ResultSets, job: Job) -> None:
    results.storing(job, ["1"], "images")
    results.replace(job, ["1"])
    assert results.stale() == 1
