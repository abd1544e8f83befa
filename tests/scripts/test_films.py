"""The films benchmark runs, and its two ways show the same film."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks"


@pytest.fixture
def films(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("films_benchmark", FOLDER / "films.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("_report", None)
    monkeypatch.setattr(module, "ROWS", 600)
    monkeypatch.setattr(module, "COLUMNS", 500)
    return module


@pytest.mark.parametrize("clahe", [False, True])
def test_row_compares_the_same_film(films: ModuleType, tmp_path: Path, clahe: bool) -> None:
    films.write_film(tmp_path / "film.dcm")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = films.measure(tmp_path / "film.dcm", 1, clahe=clahe)
    assert row["ratio"] == row["usual"] / row["ours"] > 0
    assert ("CLAHE" in row["what"]) == clahe
