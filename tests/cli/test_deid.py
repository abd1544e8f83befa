"""`monai-app deid`: exit codes, one JSON object, and nothing of the patient on the screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app
from tests.faults.studies import CANARY, hospital_ct, hospital_film


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("monai_app.cli.output.configure_logging", lambda: None)
    return lambda *words: CliRunner().invoke(app, ["deid", *map(str, words)])


def test_json_counts_what_was_done(run: Any, tmp_path: Path) -> None:
    hospital_ct(tmp_path / CANARY)
    result = run(tmp_path / CANARY, "--out", tmp_path / "out", "--key", tmp_path / "key", "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout.strip().splitlines()[-1])
    assert (printed["files_written"], printed["files_refused"]) == (6, {})
    assert CANARY not in result.output and (tmp_path / "key").is_file()


def test_nothing_to_write_is_exit_code_2_and_no_output(run: Any, tmp_path: Path) -> None:
    hospital_film(tmp_path / "in" / "film", burned_in="YES")
    result = run(tmp_path / "in", "--out", tmp_path / "out", "--key", tmp_path / "key")
    assert result.exit_code == 2 and not (tmp_path / "out").exists()


def test_unknown_way_with_text_is_refused(run: Any, tmp_path: Path) -> None:
    result = run(tmp_path, "--out", tmp_path / "out", "--key", tmp_path / "key", "--burned-in", "ignore", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout.strip().splitlines()[-1])["error"]["code"] == "OPTION_INVALID"
