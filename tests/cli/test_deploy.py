"""`monai-app deploy run`: results and one JSON line, exit code 2 and nothing left where no series fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.cli import deploy
from monai_app.cli.app import app
from tests.deploy.studies import ct_folder, tiny_app


@pytest.fixture(autouse=True)
def _opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = tiny_app(tmp_path / "app")
    monkeypatch.setattr(deploy, "open_app", lambda *_args, **_named: opened)


def run(tmp_path: Path, folder: Path) -> tuple[int, dict[str, Any]]:
    words = ["deploy", "run", "-i", str(folder), "-o", str(tmp_path / "out"), "--app", "tiny", "--json"]
    done = CliRunner().invoke(app, words)
    return done.exit_code, json.loads(done.stdout.splitlines()[-1])


def test_results_and_a_summary(tmp_path: Path) -> None:
    code, record = run(tmp_path, ct_folder(tmp_path / "in"))
    assert code == 0 and set(record["volumes_ml"]) == {"a", "b", "c"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"dicom", "manifest.json"}


def test_no_series_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    code, record = run(tmp_path, tmp_path / "in")
    assert code == 2 and record["error"]["code"] == "NO_SERIES_SELECTED"
    assert not (tmp_path / "out").exists()
