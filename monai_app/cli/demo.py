"""`monai-app demo`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from monai_app.cli.output import JsonOption, command, emit, stderr, stdout
from monai_app.core.logging import configure_logging


@command
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the simulated cohort, the models and the reports.")] = Path(
        "demo"
    ),
    patients: Annotated[int, typer.Option(help="Number of simulated patients.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 0,
    json: JsonOption = False,
) -> None:
    """Simulate patients, train three fusion systems on them, evaluate and compare; a few minutes on two cores."""
    from monai_app.engines.demonstration import SYSTEMS, demonstrate

    configure_logging()  # again: importing MONAI has added handlers of its own
    begin = time.monotonic()
    outcomes = demonstrate(out, patients=patients, seed=seed, on_stage=lambda stage: stderr.print(f"{stage} ..."))
    seconds = time.monotonic() - begin
    if json:
        emit(
            {"report": "report.html", "seconds": round(seconds), "outcomes": [vars(o) for o in outcomes]}, as_json=True
        )
        return
    table = Table("task", "measure", *SYSTEMS, "best possible", title="Held-out patients")
    for task, measure in dict.fromkeys((outcome.task, outcome.measure) for outcome in outcomes):
        row = {outcome.system: outcome for outcome in outcomes if outcome.task == task}
        table.add_row(task, measure, *(_number(row[system].value) for system in SYSTEMS), _number(row[SYSTEMS[0]].best))
    stdout.print(table)
    stdout.print(
        f"In {seconds:.0f} s this simulated {patients} patients with films, time series, tables and notes, some "
        f"missing, trained {len(SYSTEMS)} ways of joining them, and judged each on patients it had not seen: "
        f"open {out}/report.html. Not for diagnosis."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
