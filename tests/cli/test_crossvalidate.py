"""The door to cross-validation: numbers in a table, None as a dash, faults typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app

ROW = {
    "arm": "films",
    "samples": 60,
    "patients": 30,
    "pooled_auroc": {"value": 0.81, "low": None, "high": 0.9},
    "fold_mean_auroc": 0.79,
}
OPTIONS = ["--task", "icu", "--arm", "films=attention:film"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    def stand_in(*places: Any, **options: Any) -> list[dict[str, Any]]:
        calls.append(options)
        return [ROW]

    monkeypatch.setattr("monai_app.engines.crossvalidation.crossvalidate", stand_in)
    return calls


def run(tmp_path: Path, *more: str) -> Any:
    places = ["multimodal_diagnosis", "--cohort", str(tmp_path), "--out", str(tmp_path / "out")]
    return CliRunner().invoke(app, ["crossvalidate", *places, *OPTIONS, *more])


def test_table_shows_each_system(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run(tmp_path, "--folds", "4")
    assert (
        result.exit_code == 0
        and "films" in result.stdout
        and "0.810" in result.stdout
        and "- to 0.900" in result.stdout
    )
    assert asked[0]["folds"] == 4 and asked[0]["task"] == "icu"


def test_json_holds_the_rows(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run(tmp_path, "--json")
    assert json.loads(result.stdout.splitlines()[-1]) == {"task": "icu", "folds": 5, "arms": [ROW]}


def test_cohort_that_is_none_is_exit_code_two(tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 2
