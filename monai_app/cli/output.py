"""What every command shares: progress on stderr, one JSON object as the last line of stdout, exit codes."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from monai_app.core.errors import AppError
from monai_app.core.logging import configure_logging, redact

P = ParamSpec("P")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line of stdout.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an output that already exists.")]

stderr = Console(stderr=True)
stdout = Console()


def progress() -> Progress:
    """A progress bar on stderr; it disappears where stderr is not a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=stderr,
        transient=True,
        disable=not stderr.is_terminal,
    )


def emit(result: dict[str, Any], *, as_json: bool) -> None:
    """Print a command's result: JSON for machines, else one line a key."""
    if as_json:
        print(json.dumps(result, default=str, allow_nan=False), flush=True)
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for key, value in result.items():
        table.add_row(str(key), json.dumps(value, default=str) if isinstance(value, dict | list) else str(value))
    stdout.print(table)


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command: logs without patient data, typed errors become exit codes 2 and 1, nothing else leaks."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            configure_logging()
            function(*args, **kwargs)
        except AppError as error:
            _report(error.as_dict(), str(error), as_json=bool(kwargs.get("json", False)))
            raise typer.Exit(error.exit_code) from None
        except (KeyboardInterrupt, typer.Exit, typer.Abort):
            raise
        except Exception as error:
            kind, where = type(error).__name__, _where(error)
            text = f"[INTERNAL] {kind} in {where}. Please report it; no patient data is shown here."
            _report({"code": "INTERNAL", "what": kind, "where": where}, text, as_json=bool(kwargs.get("json", False)))
            raise typer.Exit(1) from None

    return wrapped


def _report(record: dict[str, str], text: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": record}), flush=True)
    print(redact(text), file=sys.stderr)


def _where(error: BaseException) -> str:
    """The innermost frame of our own package, as module:line."""
    place, trace = "unknown", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("monai_app"):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
