"""The command teaches itself, and starts quickly because nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monai_app.cli import app as module
from monai_app.cli.app import app, main
from monai_app.core.atomic import atomic_directory, atomic_path


@pytest.fixture
def sigterm() -> Iterator[None]:
    """Leave the handler as it was."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("group", [[], ["cohort"]])
def test_every_command_says_what_it_does(group: list[str]) -> None:
    shown = CliRunner().invoke(app, [*group, "--help"])
    assert shown.exit_code == 0 and "--help" in shown.output


def test_help_imports_nothing_heavy() -> None:
    program = "import sys, monai_app.cli.app; print(sorted({'torch', 'monai', 'sklearn', 'ignite'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_command_is_refused() -> None:
    assert CliRunner().invoke(app, ["diagnose"]).exit_code == 2


@pytest.mark.usefixtures("sigterm")
@pytest.mark.parametrize("output", [atomic_path, atomic_directory])
def test_sigterm_leaves_nothing_half_written(
    output: Callable[..., AbstractContextManager[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped() -> None:
        with output(tmp_path / "out") as temporary:
            (temporary / "half" if temporary.is_dir() else temporary).write_text("half")
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(module, "app", stopped)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 143
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("sigterm")
def test_a_second_sigterm_does_not_interrupt_the_cleaning(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned = []

    def stopped() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append(True)

    monkeypatch.setattr(module, "app", stopped)
    with pytest.raises(SystemExit):
        main()
    assert cleaned == [True]
