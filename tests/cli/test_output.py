"""Every command ends alike: exit codes, one JSON object for machines, nothing of the patient."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import typer

from monai_app.cli.output import command, emit, progress
from monai_app.core.errors import AppError, InputRejected


@pytest.fixture(autouse=True)
def root_logger_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def raising(error: BaseException) -> Callable[..., None]:
    @command
    def run(json: bool = False) -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(InputRejected("BAD", "bad input"), 2), (AppError("FULL", "disk full"), 1), (ValueError("CANARY"), 1)],
)
def test_errors_become_exit_codes_and_one_line(
    error: Exception, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as caught:
        raising(error)(json=True)
    out, err = capsys.readouterr()
    assert caught.value.exit_code == exit_code
    assert json.loads(out)["error"]["code"] in ("BAD", "FULL", "INTERNAL")
    assert "CANARY" not in out + err and len(err.splitlines()) == 1


def test_json_is_printed_only_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        raising(InputRejected("BAD", "bad input"))()
    assert capsys.readouterr().out == ""


def test_unexpected_error_says_where_in_our_code_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        raising(ZeroDivisionError())()
    assert "ZeroDivisionError in monai_app.cli.output:" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Exit(3), typer.Abort()])
def test_ends_that_are_no_faults_pass_through(error: BaseException) -> None:
    with pytest.raises(type(error)):
        raising(error)()


def test_json_result_is_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"n": 3, "names": ["a"]}, as_json=True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"n": 3, "names": ["a"]}
    with pytest.raises(ValueError, match="JSON compliant"):
        emit({"n": float("nan")}, as_json=True)


def test_progress_is_silent_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as bar:
        bar.advance(bar.add_task("films", total=1))
    assert capsys.readouterr() == ("", "")
