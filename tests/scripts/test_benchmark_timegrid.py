"""The time grid's benchmark compares equal work: streaming and pandas agree on made-up events."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("benchmark_timegrid", FOLDER / "timegrid.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("_report", None)


def test_both_ways_give_the_same_grid(benchmark: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    benchmark.generate(path, 20_000)
    ours, usual = benchmark.child_stream(str(path), 20_000, 20), benchmark.child_pandas(str(path), 20_000)
    assert ours["observed"] == usual["observed"] > 10_000
    for name in ("total", "since"):
        assert ours[name] == pytest.approx(usual[name], rel=1e-6)
