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


def test_volumes_are_written_with_their_list(tmp_path: Path) -> None:
    command = ["cohort", "volumes", "--out", str(tmp_path / "v"), "--patients", "2", "--voxel-mm", "16", "--json"]
    result = CliRunner().invoke(app, command)
    told = json.loads(result.stdout.splitlines()[-1])
    assert result.exit_code == 0 and sum(told[name] for name in ("training", "validation", "test")) == 2
    assert Path(told["datalist"]).is_file()


def test_a_modality_that_is_not_simulated_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["cohort", "volumes", "--out", str(tmp_path / "v"), "--modality", "PT", "--json"])
    told = json.loads(result.stdout.splitlines()[-1])
    assert result.exit_code == 2 and told["error"]["code"] == "MODALITY_UNKNOWN" and not (tmp_path / "v").exists()
