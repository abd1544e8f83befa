"""`monai-app cohort`: exit codes, one JSON object at the end, and help that teaches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import small_content


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr("monai_app.cli.output.configure_logging", lambda: None)
    yield lambda *words: CliRunner().invoke(app, ["cohort", *map(str, words)])


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_cohort(tmp_path / "dataset", small_content())
    return tmp_path / "dataset"


def last_json(output: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return parsed


def test_build_prints_what_there_is(run: Any, dataset: Path, tmp_path: Path) -> None:
    result = run("build", "meds", "--from", dataset, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0
    printed = last_json(result.stdout)
    assert printed["patients"] == 4 and printed["tasks"]["death"] == {"labelled": 4, "positive": 2}
    assert str(tmp_path) not in result.stdout


def test_build_tells_what_it_changed_and_what_comes_next(run: Any, dataset: Path, tmp_path: Path) -> None:
    shown = run("build", "meds", "--from", dataset, "--out", tmp_path / "out").stdout
    assert "4 patients, samples 2 train, 1 tuning, 1 held_out" in shown
    assert "- splits as in the dataset" in shown and "monai-app cohort check" in shown


def test_build_refuses_with_two_and_a_code(run: Any, dataset: Path, tmp_path: Path) -> None:
    run("build", "meds", "--from", dataset, "--out", tmp_path / "out")
    again = run("build", "meds", "--from", dataset, "--out", tmp_path / "out", "--json")
    assert again.exit_code == 2 and last_json(again.stdout)["error"]["code"] == "OUTPUT_EXISTS"
    assert run("build", "meds", "--from", dataset, "--out", tmp_path / "out", "--force").exit_code == 0
    assert run("build", "mars", "--from", dataset, "--out", tmp_path / "new").exit_code == 2


def test_check_passes_and_writes_its_report(run: Any, dataset: Path, tmp_path: Path) -> None:
    result = run("check", dataset, "--html", tmp_path / "check.html", "--json")
    assert result.exit_code == 0
    printed = last_json(result.stdout)
    assert printed["overlap"][0]["combination"] == "film + series + table + note"
    assert (tmp_path / "check.html").read_text().startswith("<!doctype html>")


def test_check_fails_with_two_on_errors_but_still_reports(run: Any, dataset: Path, tmp_path: Path) -> None:
    (dataset / "images" / "1.png").unlink()
    result = run("check", dataset, "--html", tmp_path / "check.html")
    assert result.exit_code == 2
    assert "IMAGE_MISSING" in result.stdout and "Overlap of modalities" in result.stdout
    assert (tmp_path / "check.html").is_file()


def test_check_of_no_cohort_is_refused(run: Any, tmp_path: Path) -> None:
    assert run("check", tmp_path).exit_code == 2


def test_sources_are_listed_with_their_options(run: Any) -> None:
    listed = last_json(run("sources", "--json").stdout)
    assert listed["meds"]["options"]["images"].startswith("copied | in_place")
    assert run("sources").exit_code == 0


@pytest.mark.parametrize("name", ["build", "check"])
def test_help_has_examples_and_exit_codes(run: Any, name: str) -> None:
    shown = run(name, "--help").stdout
    assert f"monai-app cohort {name}" in shown and "Exit codes" in shown
