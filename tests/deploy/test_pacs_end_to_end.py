"""Rows 38 to 40 of the fault list against a real Orthanc: every study ends with one whole set of results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.crash_trial import crash_trial, expected_sets, result_sets
from tests.deploy.orthanc_site import PASSWORD, OrthancSite, WorkerProcess, running_orthanc, wait_for
from tests.deploy.studies import ct_folders

STUDIES, SENDERS = 6, 4


@pytest.fixture
def site(tmp_path: Path) -> Iterator[OrthancSite]:
    with running_orthanc(tmp_path / "orthanc") as site:
        yield site


@pytest.fixture
def worker(site: OrthancSite, tmp_path: Path) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(site, tmp_path / "worker", threads=2)
    try:
        yield worker
    finally:
        worker.kill()


def test_concurrent_senders_and_a_crash_of_either_side(site: OrthancSite, worker: WorkerProcess) -> None:
    worker.pause_s = 0.4
    folders = ct_folders(worker.folder / "in", STUDIES)
    crash_trial(site, worker, folders, senders=SENDERS)
    before = result_sets(site)
    assert before == expected_sets(folders, worker.folder / "expected")
    results = worker.status()["results"]
    assert (results["storing"], results["current"]) == (0, STUDIES)

    assert site.send(folders[1])  # the same study again
    wait_for(lambda: worker.idle(STUDIES))
    assert result_sets(site) == before

    text = worker.log.read_text()
    assert "stored" in text and not re.search(r"(?i)canary|2\.25\.|[0-9a-f]{8}(-[0-9a-f]{8}){4}", text)
    assert PASSWORD not in text


def test_a_late_slice_replaces_the_results(site: OrthancSite, worker: WorkerProcess) -> None:
    (folder,) = ct_folders(worker.folder / "in", 1)
    late = worker.folder / "late"
    late.mkdir()
    sorted(folder.iterdir())[-1].rename(late / "slice")
    assert site.send(folder)
    worker.start()
    wait_for(lambda: worker.idle(1) and worker.status()["results"]["current"] == 1)
    (before,) = result_sets(site)
    assert site.send(late)
    wait_for(lambda: worker.status()["results"]["superseded"] == 1 and worker.idle(1))
    (after,) = result_sets(site)
    (late / "slice").rename(folder / "last")
    assert [after] == expected_sets([folder], worker.folder / "expected")
    assert not set(before) & set(after) and worker.status()["results"]["current"] == 1


def test_a_worker_that_is_told_to_stop_ends_its_study_and_exits(site: OrthancSite, worker: WorkerProcess) -> None:
    worker.pause_s = 0.3
    assert site.send(*ct_folders(worker.folder / "in", 1))
    worker.start()
    wait_for(worker.at_work, every_s=0.02)
    worker.process.terminate()
    worker.process.join(60)
    assert worker.process.exitcode == 143 and not worker.at_work()
    assert worker.status()["results"]["current"] == 1 and worker.status()["jobs"]["running"] == 0
