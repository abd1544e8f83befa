"""One set of results a study, of the images as they are: whatever fails, whenever, and however often they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.core.errors import AppError
from tests.deploy.fake_archive import Crash, Killed, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def story(site: Site) -> None:
    """Two studies, then a late slice of one of them."""
    site.archive.send("s1", "s1/a", "s1/b")
    site.archive.send("s2", "s2/a")
    site.idle()
    site.archive.send("s1", "s1/late")
    site.idle()


def calls_of_the_story(folder: Path) -> int:
    site = Site(folder)
    story(site)
    return site.archive.crash.calls


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_call_leaves_one_whole_set_a_study(tmp_path: Path, after: bool) -> None:
    (tmp_path / "count").mkdir()
    calls = calls_of_the_story(tmp_path / "count")
    assert calls > 30
    for at in range(calls):
        (tmp_path / str(at)).mkdir()
        site = Site(tmp_path / str(at))
        site.archive.crash.at, site.archive.crash.after = at, after
        try:
            story(site)
        except Killed:
            site.restart()
            assert site.scratch() == []
        site.archive.send("s1", "s1/a", "s1/b", "s1/late")
        site.archive.send("s2", "s2/a")
        site.idle()
        for study in ("s1", "s2"):
            found = site.archive.others[study]
            assert set(found) == site.expected(study), at
            assert len(set(found.values())) == 1, "objects of two runs in one set"
        site.state.close()


def test_two_crashes_in_a_row_leave_one_whole_set(site: Site) -> None:
    site.archive.send("s1", "s1/a", "s1/b")
    for after in (False, True):
        calls = site.archive.crash.calls
        site.archive.crash.at, site.archive.crash.after = calls + 8, after
        with pytest.raises(Killed):
            site.idle()
        site.restart()
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_the_same_study_twice_is_run_once(site: Site) -> None:
    site.archive.send("s1", "s1/a", "s1/b")
    site.idle()
    site.archive.feed += ["s1", "s1"]
    site.idle()
    assert len(site.app.runs) == 1 and site.archive.requests == 1


def test_results_that_are_there_already_are_not_stored_twice(site: Site, tmp_path: Path) -> None:
    site.archive.send("s1", "s1/a")
    site.idle()
    site.state.close()
    (tmp_path / "new").mkdir()
    other = Site(tmp_path / "new", archive=site.archive)  # its state file is lost
    other.idle()
    assert site.archive.requests == 1 and set(site.archive.others["s1"]) == site.expected("s1")


def test_a_late_slice_replaces_the_results(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.idle()
    old = site.expected("s1")
    site.archive.send("s1", "s1/late")
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1") != old
    assert site.worker.trip.results.counts() == {"storing": 0, "current": 1, "superseded": 1}


def test_a_slice_that_comes_during_the_run_is_not_missed(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.app.hook = lambda: (site.archive.send("s1", "s1/late"), site.worker.follow())[0]
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1") and len(site.app.runs) == 2


def test_a_slice_that_makes_the_study_unfit_takes_the_results_out(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.idle()
    site.archive.send("s1", "s1/odd")
    site.idle()
    assert site.archive.others["s1"] == {} and site.worker.trip.queue.counts()["rejected"] == 1
    assert site.worker.trip.queue.reasons() == {"NO_SERIES_SELECTED": 1}


def test_a_rejected_study_is_run_once_and_again_when_it_changes(site: Site) -> None:
    site.archive.send("s1", "s1/odd")
    site.idle()
    site.archive.feed.append("s1")
    site.idle()
    assert len(site.app.runs) == 1
    site.archive.images_of["s1"].discard("s1/odd")
    site.archive.send("s1", "s1/a")
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_a_part_of_a_set_is_completed(site: Site) -> None:
    site.archive.half = True
    site.archive.send("s1", "s1/a")
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1") and site.archive.requests == 2
    site.archive.others["s1"].popitem()
    site.archive.feed.append("s1")
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_a_study_that_is_still_arriving_is_not_run(site: Site) -> None:
    site.archive.stable = False
    site.archive.send("s1", "s1/a")
    for _ in range(20):
        site.worker.follow()
        site.now += 10.0
        assert site.worker.work_once()
    assert site.app.runs == []
    site.archive.stable = True
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_a_study_that_is_gone_is_forgotten_and_comes_back(site: Site) -> None:
    site.archive.send("s1", "s1/a")
    site.idle()
    images, _ = site.archive.images_of.pop("s1"), site.archive.others.pop("s1")
    job = site.worker.trip.queue
    job.note(["s1"], job.position() or 0)
    site.idle()
    assert sum(job.counts().values()) == 0
    site.archive.send("s1", *images)
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_a_full_disk_is_an_outage_before_anything_is_downloaded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.archive.send("s1", "s1/a")
    whole = site.worker.trip.reserve_bytes
    object.__setattr__(site.worker.trip, "reserve_bytes", 1 << 60)
    for _ in range(10):
        site.worker.follow()
        site.now += 1000.0
        site.worker.work_once()
    assert site.worker.trip.queue.reasons() == {"DISK_FULL": 1} and site.app.runs == []
    object.__setattr__(site.worker.trip, "reserve_bytes", whole)
    site.idle()
    assert set(site.archive.others["s1"]) == site.expected("s1")


def test_results_that_are_not_there_after_storing_are_a_failure(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.archive, "store", lambda files: None)
    site.archive.send("s1", "s1/a")
    site.worker.follow()
    job = site.worker.trip.queue.claim()
    assert job is not None
    with pytest.raises(AppError, match="PACS_INCOMPLETE"):
        site.worker.trip.run(job)


def test_no_uid_and_no_instance_stands_in_the_state_file(site: Site) -> None:
    site.archive.send("s1", "s1/CANARY")
    site.idle()
    site.state.close()
    assert not any(b"CANARY" in path.read_bytes() for path in site.folder.glob("state.sqlite*") if path.is_file())


def test_a_crash_counts_calls() -> None:
    crash = Crash(at=1)
    with crash():
        pass
    with pytest.raises(Killed), crash():
        pass
