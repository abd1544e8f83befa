"""`monai-app cohort phantom` and `monai-app cohort volumes`."""

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


@command
def volumes(
    out: Annotated[Path, typer.Option(help="New folder: images/, labels/ and dataset.json.")],
    patients: Annotated[int, typer.Option(help="Number of simulated patients.")] = 300,
    seed: Annotated[int, typer.Option(help="Seed of the patients.")] = 0,
    modality: Annotated[str, typer.Option(help="CT or MR.")] = "CT",
    voxel_mm: Annotated[float, typer.Option(help="Side of a voxel, mm.", min=2, max=16)] = 5.0,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Simulate CT or MR series with lesion maps, and the data list that a volume bundle is trained on."""
    from monai_app.core.errors import InputRejected
    from monai_app.dicom.write_series import SeriesModality
    from monai_app.phantom.volume_list import write_volume_list

    if modality not in list(SeriesModality):
        raise InputRejected("MODALITY_UNKNOWN", "no such series is simulated", got=modality, expected="CT or MR")
    with progress() as bar:
        job = bar.add_task("volumes", total=patients)
        counts = write_volume_list(
            out,
            patients=patients,
            seed=seed,
            modality=SeriesModality(modality),
            voxel_mm=voxel_mm,
            force=force,
            on_rendered=lambda: bar.advance(job),
        )
    emit({"datalist": str(out / "dataset.json"), "seed": seed, **counts}, as_json=json)
