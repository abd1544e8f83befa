"""What a worker starts with: its own scratch folder, all studies or the new ones, and a key for its application."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from monai_app.core.errors import AppError
from monai_app.deploy.begin import Begin
from monai_app.deploy.serve import Settings, app_key, make_worker, serve
from monai_app.deploy.state_file import StateFile
from tests.deploy.fake_archive import FakeApp, FakeArchive, Site
from tests.deploy.studies import tiny_app


@pytest.mark.parametrize(("begin", "runs"), [(Begin.ALL, 1), (Begin.NEW, 0)])
def test_a_new_worker_begins_where_it_is_told(tmp_path: Path, begin: Begin, runs: int) -> None:
    archive, app, state = FakeArchive(), FakeApp(), StateFile(tmp_path / "state")
    archive.send("s1", "s1/a")
    settings = Settings(tmp_path / "state", begin=begin, quiet_s=0.0, reserve_mib=0)
    worker = make_worker(archive, app, "key", settings, state)
    worker.follow()
    assert worker.work_once() == bool(runs) and len(app.runs) == runs
    archive.send("s2", "s2/a")
    worker.follow()
    while worker.work_once():
        pass
    assert len(app.runs) == runs + 1


def test_downloads_of_a_worker_that_was_killed_are_removed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (tmp_path / "state.sqlite.work" / "job-x").mkdir()
    (tmp_path / "state.sqlite.work" / "job-x" / "CANARY.dcm").touch()
    site.restart()
    assert site.scratch() == []


def test_a_scratch_folder_that_cannot_be_is_a_typed_error(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    (tmp_path / "state.work").touch()
    with pytest.raises(AppError, match="WRITE_FAILED"):
        make_worker(FakeArchive(), FakeApp(), "key", Settings(tmp_path / "state"), state)


def test_a_second_worker_on_the_same_state_is_refused(tmp_path: Path) -> None:
    Site(tmp_path)
    with pytest.raises(AppError, match="STATE_IN_USE"):
        serve(FakeArchive(), FakeApp(), "key", Settings(tmp_path / "state.sqlite"))


def test_the_key_follows_from_the_weights_and_the_settings(tmp_path: Path) -> None:
    app = tiny_app(tmp_path)
    others = [
        replace(app, model=replace(app.model, sha256="b" * 64)),
        replace(app, options=replace(app.options, overlap=0.125)),
        replace(app, name="other"),
        replace(app, spec=app.spec.model_copy(update={"draws": 3})),
    ]
    assert len({app_key(one) for one in [app, *others]}) == 5 and app_key(app) == app_key(replace(app))
