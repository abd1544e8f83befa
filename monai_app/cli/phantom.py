"""`monai-app cohort phantom`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.output import ForceOption, JsonOption, command, emit, progress


@command
def phantom(
    out: Annotated[Path, typer.Option(help="Directory of the new cohort.")],
    patients: Annotated[int, typer.Option(help="Number of simulated patients.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of everything; the same seed gives the same bytes.")] = 0,
    volumes: Annotated[int, typer.Option(help="The first so many patients also get a CT and an MR series.")] = 0,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Simulate patients with films, series, tables and notes, and everything that is true of them."""
    from monai_app.phantom.cohort import write_phantom

    with progress() as bar:
        job = bar.add_task("examinations", total=None)
        record = write_phantom(
            out, patients=patients, seed=seed, volumes=volumes, force=force, on_rendered=lambda: bar.advance(job)
        )
    emit(
        {
            "cohort": record.name,
            "patients": patients,
            "seed": seed,
            "volumes": volumes,
            "tasks": [task.name for task in record.tasks],
        },
        as_json=json,
    )
