"""`monai-app deploy worker`, `status` and `retry`: options arrive, typed errors become exit codes, JSON is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.cli import deploy
from monai_app.cli.app import app
from monai_app.deploy import serve
from monai_app.deploy.begin import Begin
from monai_app.dicom.orthanc import Orthanc
from tests.deploy.fake_archive import Site
from tests.deploy.studies import tiny_app


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["deploy", *words])
    return done.exit_code, done.output


def test_the_worker_gets_its_archive_application_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    opened = tiny_app(tmp_path / "app")
    monkeypatch.setattr(deploy, "open_app", lambda *_args, **_named: opened)
    monkeypatch.setattr(serve, "serve", lambda *given: seen.extend(given))
    words = ["--orthanc", "http://127.0.0.1:8042", "--app", "tiny", "--state", str(tmp_path / "s"), "--begin", "new"]
    code, _ = run("worker", *words, "--threads", "2", "--status-port", "0")
    archive, application, key, settings = seen
    assert code == 0 and isinstance(archive, Orthanc) and application is opened and key == serve.app_key(opened)
    assert (settings.begin, settings.threads, settings.status_port) == (Begin.NEW, 2, None)


def test_a_password_in_the_command_line_is_refused(tmp_path: Path) -> None:
    code, text = run("worker", "--orthanc", "http://me:secret@127.0.0.1", "--app", "x", "--state", str(tmp_path / "s"))
    assert code == 2 and "PACS_URL" in text and "secret" not in text


def test_status_and_retry_of_a_state_file(tmp_path: Path) -> None:
    Site(tmp_path)
    state = ["--state", str(tmp_path / "state.sqlite"), "--json"]
    code, text = run("status", *state)
    assert code == 0 and json.loads(text.splitlines()[-1])["jobs"]["dead"] == 0
    code, text = run("retry", *state)
    assert code == 0 and json.loads(text.splitlines()[-1]) == {"revived": 0}
    code, text = run("status", "--state", str(tmp_path / "nothing"), "--json")
    assert code == 2 and "STATE_MISSING" in text
