"""Failures are tried again and given up in the end; outages last as long as they last; the feed is never lost."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from monai_app.core.errors import AppError
from tests.deploy.fake_archive import Site
from tests.deploy.orthanc_site import wait_for


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def failures(code: str, count: int) -> list[AppError]:
    return [AppError(code, "made up") for _ in range(count)]


def work(site: Site, times: int) -> None:
    for _ in range(times):
        site.now += 1000.0
        site.worker.work_once()


def test_a_failure_is_tried_again(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.worker.follow()
    site.archive.failing = failures("PACS_TIMEOUT", 4)
    work(site, 5)
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_the_wait_grows_with_each_failure(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.worker.follow()
    site.archive.failing = failures("PACS_TIMEOUT", 1)
    assert site.worker.work_once() and not site.worker.work_once()
    site.now += 2.1
    assert site.worker.work_once()


def test_a_study_that_always_fails_is_given_up_and_revived(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.archive.send("s2", "s2/a")
    site.worker.follow()

    def fail() -> None:
        if "s1/a" in site.app.runs[-1]:
            raise RuntimeError("a fault of the program")

    site.app.hook = fail
    work(site, 10)
    (dead,) = site.worker.trip.queue.dead()
    assert (dead.code, dead.attempts) == ("INTERNAL", 5)
    assert set(site.archive.others["s2"]) == site.expected("s2")
    site.app.hook = lambda: None
    assert site.worker.trip.queue.revive() == 1
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_giving_up_takes_out_results_of_other_images(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.idle()
    site.archive.send("s1", "s1/late")

    def fail() -> None:
        raise RuntimeError

    site.app.hook = fail
    site.worker.follow()
    work(site, 1)
    assert site.worker.trip.results.stale() == 1
    work(site, 5)
    assert site.archive.others["s1"] == {} and site.worker.trip.queue.counts()["dead"] == 1


def test_giving_up_a_mere_look_leaves_results_that_hold(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.idle()
    site.archive.feed.append("s1")
    site.worker.follow()
    site.archive.failing = failures("PACS_TIMEOUT", 5)
    work(site, 5)
    assert site.worker.trip.queue.counts()["dead"] == 1
    assert set(site.archive.others["s1"]) == site.expected("s1")


@pytest.mark.parametrize("code", ["PACS_UNREACHABLE", "WRITE_FAILED", "DISK_FULL"])
def test_an_outage_gives_nothing_up(site: Site, code: str) -> None:
    site.archive.send("s1", "s1/a")
    site.worker.follow()
    site.archive.failing = failures(code, 50)
    work(site, 50)
    assert site.worker.trip.queue.counts()["failed"] == 1
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_a_study_that_kills_the_worker_each_time_is_given_up(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.worker.follow()
    for _ in range(site.most_attempts):
        assert site.worker.trip.queue.claim() is not None
        site.restart()
        site.now += 1000.0
    assert site.worker.trip.queue.claim() is None
    assert [one.code for one in site.worker.trip.queue.dead()] == ["WORKER_CRASHED"]


def test_an_archive_that_was_replaced_is_read_from_the_start(site: Site) -> None:
    site.archive.send("s1", "s1/a", "s1/b", "s1/c")
    site.idle()
    site.archive.feed.clear()
    site.archive.send("s9", "s9/a")
    site.idle()
    assert set(site.archive.others["s9"]) == site.expected("s9")


def test_threads_share_the_queue_and_take_each_study_once(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.now = 1e6
    site.worker.threads, site.worker.poll_s = 4, 0.01
    for index in range(20):
        site.archive.send(f"s{index}", f"s{index}/a")
    queue = site.worker.trip.queue
    thread = threading.Thread(target=site.worker.run)
    thread.start()
    wait_for(lambda: queue.counts()["done"] == 20 and queue.position() == len(site.archive.feed), every_s=0.02)
    assert site.worker.healthy(silent_s=60)
    site.worker.stop()
    thread.join()
    assert len(site.app.runs) == 20 and len(set(site.app.runs)) == 20
    assert all(set(site.archive.others[study]) == site.expected(study) for study in site.archive.images_of)


def test_a_worker_without_its_state_file_stops_with_a_typed_error(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.state.close()
    with pytest.raises(AppError, match="STATE_FAILED"):
        site.worker.run()


def test_a_worker_that_cannot_read_the_feed_is_not_healthy(site: Site) -> None:
    assert not site.worker.healthy(silent_s=60)
    site.worker.follow()
    assert site.worker.healthy(silent_s=60)
    site.now += 61
    assert not site.worker.healthy(silent_s=60)
