"""Rows 38 to 40 of the fault list against a real Orthanc: every study ends with one whole set of results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

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


def sets(site: OrthancSite) -> list[list[str]]:
    """The results of each study; every one of them is one object of each kind."""
    found = [site.results(study) for study in site.studies()]
    for one in found:
        assert {modality: len(uids) for modality, uids in one.items()} == {"SEG": 1, "SR": 1, "OT": 1}
    return sorted(sorted(uid for uids in one.values() for uid in uids) for one in found)


def send_until_taken(site: OrthancSite, folder: Path) -> None:
    wait_for(lambda: site.send(folder), every_s=0.5)


def test_concurrent_senders_and_a_crash_of_either_side(site: OrthancSite, worker: WorkerProcess) -> None:
    worker.pause_s = 0.4
    worker.start()
    folders = ct_folders(worker.folder / "in", STUDIES)
    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(send_until_taken, site, folder) for folder in [folders[0], *folders]]
        wait_for(worker.at_work, every_s=0.02)
        worker.kill()
        assert worker.status()["jobs"]["running"] > 0
        worker.start()
        wait_for(lambda: 0 < worker.status()["results"]["current"] < STUDIES, every_s=0.02)
        site.kill()
        site.start()
        for one in sent:
            one.result()
    wait_for(lambda: worker.idle(STUDIES))
    before = sets(site)
    assert len(before) == STUDIES and worker.status()["results"] == {
        "storing": 0,
        "current": STUDIES,
        "superseded": worker.status()["results"]["superseded"],
    }

    assert site.send(folders[1])  # the same study again
    wait_for(lambda: worker.idle(STUDIES))
    assert sets(site) == before

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
    (before,) = sets(site)
    assert site.send(late)
    wait_for(lambda: worker.status()["results"]["superseded"] == 1 and worker.idle(1))
    (after,) = sets(site)
    assert not set(before) & set(after) and worker.status()["results"]["current"] == 1
