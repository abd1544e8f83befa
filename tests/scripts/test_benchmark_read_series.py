"""The series benchmark runs, and its ways give the same voxels and nearly the same film."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("read_series_benchmark", FOLDER / "read_series.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    import films

    monkeypatch.setattr(films, "ROWS", 1000)
    monkeypatch.setattr(films, "COLUMNS", 900)
    monkeypatch.setattr(module, "SIDE", 64)
    yield module
    for name in ("_report", "films"):
        sys.modules.pop(name, None)


def test_rows_compare_the_same_voxels_and_films(benchmark: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "scan").mkdir()
    rows = [*benchmark.series_rows(tmp_path / "scan", 6, 1), benchmark.film_row(tmp_path / "film.dcm", 1)]
    assert len(rows) == 5 and all(row["ratio"] == row["usual"] / row["ours"] > 0 for row in rows)
