"""The page and the examples for sites: every command line is one that the program takes, every file is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from monai_app.cli.app import app
from monai_app.core.resources import resource

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
UNIT = resource("configs", "deploy", "monai-app-worker.service")
COMPOSE = resource("configs", "deploy", "compose.yaml")


def command_lines(text: str) -> list[list[str]]:
    """The words behind ``deploy`` of each command."""
    joined = text.replace("\\\n", " ")
    found = re.findall(r"(?:monai-app )deploy (\w.*?)(?:`|#|$)", joined, re.MULTILINE)
    return [words for words in map(shlex.split, found) if len(words) > 1 and words[0] in ("worker", "status", "retry")]


@pytest.mark.parametrize("path", [PAGE, UNIT, COMPOSE], ids=lambda path: path.name)
def test_every_option_in_the_examples_is_one_of_the_program(path: Path) -> None:
    text = path.read_text()
    if path is COMPOSE:
        text = f"monai-app {yaml.safe_load(text)['services']['worker']['command']}"
    group = typer.main.get_command(app).commands["deploy"]
    lines = command_lines(text)
    assert lines
    for words in lines:
        group.commands[words[0]].make_context(words[0], words[1:], resilient_parsing=False)


def test_no_example_holds_a_password() -> None:
    for path in (UNIT, COMPOSE):
        for line in path.read_text().splitlines():
            value = re.search(r"PASSWORD(?:=|: )(\S+)", line)
            assert value is None or value.group(1).startswith(("$", "...")), line


def test_the_page_names_the_examples() -> None:
    text = PAGE.read_text()
    for target in re.findall(r"\]\(((?!http)[^)#]+)", text):
        assert (PAGE.parent / target).exists(), target
    assert UNIT.name in text and COMPOSE.name in text
