"""The demonstration on a terminal: a table of systems, one sentence of what was done, JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app
from monai_app.engines.demonstration import SYSTEMS, Outcome


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def stand_in(out: Path, **options: Any) -> list[Outcome]:
        return [Outcome("mortality", "AUROC", system, 0.7, 0.6, None, 0.9) for system in SYSTEMS]

    monkeypatch.setattr("monai_app.engines.demonstration.demonstrate", stand_in)


def test_every_system_stands_beside_the_best_possible(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--out", str(tmp_path), "--patients", "24"], env={"COLUMNS": "200"})
    assert result.exit_code == 0 and "Not for diagnosis" in result.stdout
    assert all(system in result.stdout for system in SYSTEMS)
    assert result.stdout.count("0.700") == len(SYSTEMS) and "0.900" in result.stdout


def test_json_is_one_object(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--out", str(tmp_path), "--json"])
    assert len(json.loads(result.stdout.splitlines()[-1])["outcomes"]) == len(SYSTEMS)
