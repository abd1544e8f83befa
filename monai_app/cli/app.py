"""The ``monai-app`` command and its groups. Heavy imports happen inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import typer

from monai_app.cli import bundle, cohort, crossvalidate, demo, phantom

app = typer.Typer(
    name="monai-app",
    help="Multimodal medical diagnosis on MONAI: build cohorts, train, evaluate, predict. Not for diagnosis.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
cohort.app.command("phantom")(phantom.phantom)
app.add_typer(cohort.app, name="cohort")
for function in (
    bundle.train,
    bundle.evaluate,
    bundle.predict,
    bundle.verify,
    crossvalidate.crossvalidate,
    demo.demo,
):
    app.command()(function)


def main() -> None:
    """Console entry point."""
    app()
