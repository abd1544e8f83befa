"""What the state file says: counts and codes, the dead by number, nothing that names a study."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from monai_app.core.errors import AppError
from monai_app.deploy.status import read_summary, revive
from tests.deploy.fake_archive import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """One study that is done, one that is refused and one that was given up."""
    site = Site(tmp_path, most_attempts=1)
    site.archive.send("CANARY-fits", "CANARY-fits/a")
    site.archive.send("CANARY-odd", "CANARY-odd/odd")
    site.idle()
    site.archive.send("CANARY-dead", "CANARY-dead/a")
    site.worker.follow()
    site.archive.failing = [AppError("PACS_TIMEOUT", "made up")]
    site.now += 1000.0
    site.worker.work_once()
    return site


def test_counts_codes_and_the_dead(site: Site) -> None:
    said = read_summary(site.folder / "state.sqlite")
    jobs = {state: count for state, count in said["jobs"].items() if count}
    assert jobs == {"done": 1, "rejected": 1, "dead": 1}
    assert said["codes"] == {"NO_SERIES_SELECTED": 1, "PACS_TIMEOUT": 1}
    assert [(one["code"], one["attempts"]) for one in said["dead"]] == [("PACS_TIMEOUT", 1)]
    assert said["results"]["current"] == 1 and said["stale_results"] == 0
    assert "CANARY" not in json.dumps(said)


def test_the_dead_are_revived_beside_the_worker(site: Site) -> None:
    assert revive(site.folder / "state.sqlite", None, now=time.time()) == 1
    site.idle()
    said = read_summary(site.folder / "state.sqlite")
    assert said["jobs"]["done"] == 2 and said["dead"] == []
