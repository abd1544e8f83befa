"""`monai-app dicom inspect`: exit codes, one JSON object at the end, a page, and archives as folders."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app
from monai_app.core.resources import resource
from tests.faults.folders import write_slices


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr("monai_app.cli.output.configure_logging", lambda: None)
    yield lambda *words: CliRunner().invoke(app, ["dicom", "inspect", *map(str, words)])


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "Smith"
    write_slices(folder, 12, SeriesDescription="Smith")
    return write_slices(folder, 11, series="2", Modality="MR", SeriesDescription="t1")


def last_json(output: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return parsed


def test_json_lists_the_series_of_a_folder_and_of_its_archive_alike(run: Any, scans: Path, tmp_path: Path) -> None:
    result = run(scans, "--json")
    assert result.exit_code == 0
    printed = last_json(result.stdout)
    assert sorted(series["files"] for series in printed["series"]) == [11, 12] and not printed["refused_files"]
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        for path in scans.iterdir():
            archive.write(path, path.name)
    assert last_json(run(tmp_path / "scans.zip", "--json").stdout) == printed


def test_page_and_terminal_name_nobody(run: Any, scans: Path, tmp_path: Path) -> None:
    result = run(scans, "--html", tmp_path / "page.html")
    assert result.exit_code == 0 and "can be" in result.stdout
    assert "Smith" not in result.stdout + (tmp_path / "page.html").read_text()
    assert run(scans, "--html", tmp_path / "page.html").exit_code == 2


def test_rules_tell_what_they_pick_or_exit_with_two(run: Any, scans: Path) -> None:
    picked = run(scans, "--select", resource("configs", "series", "ct_mr.yaml"), "--json")
    roles = last_json(picked.stdout)["selected"][0]["roles"]
    assert picked.exit_code == 0 and sorted(roles) == ["ct", "mr"] and all(len(taken) == 1 for taken in roles.values())
    shown = run(scans, "--select", resource("configs", "series", "ct_mr.yaml")).stdout
    assert "selected as ct" in shown and "not as mr" not in shown.split("selected as ct")[0]
    none = run(scans, "--select", resource("configs", "series", "chest_film.yaml"), "--json")
    assert none.exit_code == 2 and last_json(none.stdout)["error"]["code"] == "NO_SERIES_SELECTED"


def test_nothing_to_read_exits_with_two(run: Any, tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 2
    assert run(tmp_path / "absent").exit_code == 2
