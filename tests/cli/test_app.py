"""The command teaches itself, and starts quickly because nothing heavy is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app


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
