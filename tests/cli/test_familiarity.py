"""`monai-app familiarity` writes one file beside the weights, and never over one without --force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app
from monai_app.inference.ood import FEWEST, LEAN_FILE_NAME
from tests.engines.volumes.test_lean_familiarity import datalist, opened


def run(tmp_path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    words = ["familiarity", str(tmp_path / "bundle"), "--datalist", str(tmp_path / "dataset.json"), "--json", *more]
    done = CliRunner().invoke(app, words)
    return done.exit_code, json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def _ready(tmp_path: Path) -> None:
    opened(tmp_path)
    datalist(tmp_path, FEWEST)


@pytest.mark.usefixtures("_ready")
def test_the_record_is_written_once(tmp_path: Path) -> None:
    code, record = run(tmp_path)
    assert code == 0 and record["volumes"]["train"] == FEWEST
    assert (tmp_path / "bundle" / "models" / LEAN_FILE_NAME).is_file()
    code, record = run(tmp_path)
    assert code == 2 and record["error"]["code"] == "OUTPUT_EXISTS"
    assert run(tmp_path, "--force")[0] == 0
