"""Floors, gateways, sizes and mirrored tests: the rules of the house, on every source file."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.house.gateways import file_access, foreign_imports
from tests.house.randomness import global_draws

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "monai_app"
SOURCES = sorted(LIBRARY.rglob("*.py"))
EVERYTHING = sorted([*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])


def name(path: Path) -> str:
    """``engines/trainer`` for monai_app/engines/trainer.py."""
    return path.relative_to(LIBRARY).with_suffix("").as_posix()


def violations(rule: Callable[[str], list[str]], paths: list[Path]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{fault}" for path in paths for fault in rule(path.read_text())]


def test_floors_and_gateways_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_every_outside_world_has_one_gateway() -> None:
    assert not [f"{name(path)}:{fault}" for path in SOURCES for fault in foreign_imports(path.read_text(), name(path))]


def test_only_core_loads_and_writes_files() -> None:
    assert not violations(file_access, [path for path in SOURCES if not name(path).startswith("core/")])


def test_no_global_random_generator() -> None:
    assert not violations(global_draws, [path for path in SOURCES if name(path) != "core/random"])


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in EVERYTHING}
    assert not {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > 400}
    assert statistics.median(lengths[path] for path in SOURCES) <= 150


def test_functions_are_short() -> None:
    def long(source: str) -> list[str]:
        functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        return [f"{f.lineno}: {f.name}" for f in functions if (f.end_lineno or f.lineno) - f.lineno >= 60]

    assert not violations(long, EVERYTHING)


def test_first_line_says_what_a_module_does() -> None:
    def mute(source: str) -> list[str]:
        lines = source.splitlines()
        first = lines[1] if lines[0].startswith("#!") else lines[0]
        return [] if first.startswith('"""') and len(first) > 15 else ["1: no docstring"]

    assert not violations(mute, [*SOURCES, *(ROOT / "scripts").rglob("*.py")])


def test_every_module_has_its_mirrored_test() -> None:
    def mirror(path: Path) -> Path:
        return ROOT / "tests" / Path(name(path)).with_name(f"test_{path.stem}.py")

    tested = [path for path in SOURCES if path.stem != "__init__" and len(path.read_text().splitlines()) > 30]
    assert not [name(path) for path in tested if not mirror(path).is_file()]


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (file_access, "torch.load(x)"),
        (file_access, "np.load(x, allow_pickle=False)"),
        (file_access, "pickle.loads(data)"),
        (file_access, "open(path, 'w')"),
        (file_access, "path.open(mode='ab')"),
        (file_access, "Path(x).write_text('y')"),
        (file_access, "frame.write_parquet(x)"),
        (global_draws, "import random"),
        (global_draws, "np.random.seed(1)"),
        (global_draws, "x = np.random.rand(3)"),
        (global_draws, "torch.manual_seed(0)"),
        (global_draws, "torch.randn(3)"),
        (lambda source: foreign_imports(source, "cohort/x"), "from pydicom.uid import UID"),
        (lambda source: foreign_imports(source, "networks/x"), "from monai.engines import Evaluator"),
        (lambda source: foreign_imports(source, "review/x"), "import monai_app.engines.build"),
        (lambda source: foreign_imports(source, "generate/other"), "import opacus"),
    ],
)
def test_rule_sees_a_violation(rule: Callable[[str], list[str]], source: str) -> None:
    assert rule(source)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (file_access, "open(path)\npath.open('rb')\natomic.write_text(path, 'y')\nmodel.load(x)"),
        (global_draws, "np.random.default_rng(1).random()\ntorch.randn(3, generator=g)\nself.R.rand()"),
        (
            lambda source: foreign_imports(source, "engines/x"),
            "import ignite.engine\nfrom monai.handlers import EarlyStopHandler",
        ),
        (lambda source: foreign_imports(source, "generate/privacy"), "import opacus"),
    ],
)
def test_rule_lets_the_right_way_pass(rule: Callable[[str], list[str]], source: str) -> None:
    assert not rule(source)
