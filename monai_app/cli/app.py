"""The ``monai-app`` command and its groups. Heavy imports happen inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import signal
from types import FrameType

import typer

from monai_app.cli import (
    benchmark,
    bundle,
    cohort,
    crossvalidate,
    datalist,
    deid,
    demo,
    deploy,
    deploy_worker,
    dicom,
    explain,
    familiarity,
    phantom,
    privacy,
    segment,
    synthesize,
)

app = typer.Typer(
    name="monai-app",
    help="Multimodal medical diagnosis on MONAI: build cohorts, train, evaluate, predict. Not for diagnosis.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
cohort.app.command("phantom")(phantom.phantom)
cohort.app.command("volumes")(phantom.volumes)
app.add_typer(cohort.app, name="cohort")
app.add_typer(benchmark.app, name="benchmark")
app.add_typer(dicom.app, name="dicom")
for job in (deploy_worker.worker, deploy_worker.status, deploy_worker.retry):
    deploy.app.command()(job)
app.add_typer(deploy.app, name="deploy")
app.add_typer(privacy.app, name="privacy")
for function in (
    bundle.train,
    bundle.evaluate,
    bundle.predict,
    explain.explain,
    bundle.verify,
    crossvalidate.crossvalidate,
    datalist.datalist,
    demo.demo,
    segment.segment,
    familiarity.familiarity,
):
    app.command()(function)
app.command(help=synthesize.HELP)(synthesize.synthesize)
app.command(help=deid.HELP)(deid.deid)


def stop_orderly(number: int, _frame: FrameType | None) -> None:
    """Handle SIGTERM: unwind, so that half-written outputs are removed, and exit as the shell counts it (143).

    Raises:
        SystemExit: always.
    """
    signal.signal(number, signal.SIG_IGN)  # a second one would interrupt the cleaning
    raise SystemExit(128 + number)


def main() -> None:
    """Console entry point."""
    signal.signal(signal.SIGTERM, stop_orderly)
    app()
