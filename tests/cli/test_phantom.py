from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from monai_app.cli.app import app


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["cohort", "phantom", *arguments])
    return result.exit_code, result.stdout


def test_a_cohort_is_written_and_reported_as_json(tmp_path: Path) -> None:
    code, out = run("--out", str(tmp_path / "c"), "--patients", "1", "--seed", "3", "--json")
    assert code == 0 and json.loads(out.splitlines()[-1])["patients"] == 1
    assert (tmp_path / "c" / "cohort.json").is_file() and (tmp_path / "c" / "bayes.json").is_file()


def test_no_patients_are_refused_with_exit_code_2(tmp_path: Path) -> None:
    code, out = run("--out", str(tmp_path / "c"), "--patients", "0", "--json")
    assert code == 2 and json.loads(out.splitlines()[-1])["error"]["code"] == "PATIENTS_INVALID"
    assert not (tmp_path / "c").exists()
