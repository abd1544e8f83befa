"""The ``monai-app`` command and its groups. Heavy imports happen inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import typer

from monai_app.cli import cohort

app = typer.Typer(
    name="monai-app",
    help="Multimodal medical diagnosis on MONAI: build cohorts, train, evaluate, predict. Not for diagnosis.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(cohort.app, name="cohort")


def main() -> None:
    """Console entry point."""
    app()
