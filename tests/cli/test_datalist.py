from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from monai_app.cli.app import app
from tests.cohort.test_datalist_sources import folder


def test_a_folder_with_splits_is_listed_once(tmp_path: Path) -> None:
    source = folder(tmp_path / "data", "a,train\nb,val\nc,test\n")
    command = ["datalist", str(source), "--out", str(tmp_path / "list"), "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["training"] == told["validation"] == told["test"] == 1
    assert Path(told["datalist"]).is_file()
    assert CliRunner().invoke(app, command).exit_code == 2
    assert CliRunner().invoke(app, [*command, "--force"]).exit_code == 0


def test_what_is_neither_folder_nor_cohort_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["datalist", str(tmp_path), "--out", str(tmp_path / "list")])
    assert done.exit_code == 2 and not (tmp_path / "list").exists()
