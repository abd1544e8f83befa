"""`monai-app crossvalidate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from monai_app.cli.bundle import BundleArgument, CohortOption, SetOption, parse_settings
from monai_app.cli.output import JsonOption, command, emit, stderr, stdout
from monai_app.core.logging import configure_logging


@command
def crossvalidate(
    bundle: BundleArgument,
    cohort: CohortOption,
    task: Annotated[str, typer.Option(help="Binary task to learn and to stratify by.")],
    arm: Annotated[
        list[str],
        typer.Option(help="NAME=FUSION[:MODALITY,...][@MODALITIES.yaml]; repeatable."),
    ],
    out: Annotated[Path, typer.Option(help="Output folder; an interrupted run goes on there.")],
    folds: Annotated[int, typer.Option(help="Folds, dealt by patient.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of folds and trainings.")] = 0,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Compare systems on a small cohort by patient-grouped cross-validation."""
    from monai_app.engines.crossvalidation import Arm, crossvalidate

    configure_logging()  # again: importing MONAI has added handlers of its own
    rows = crossvalidate(
        bundle,
        cohort,
        out,
        arms=[Arm.parse(text) for text in arm],
        task=task,
        folds=folds,
        seed=seed,
        settings=parse_settings(settings),
        on_stage=lambda stage: stderr.print(f"{stage} ..."),
    )
    if json:
        emit({"task": task, "folds": folds, "arms": rows}, as_json=True)
        return
    table = Table("system", "n", "patients", "pooled AUROC", "95 %", "fold mean")
    for row in rows:
        pooled = row["pooled_auroc"]
        numbers = [f"{value:.3f}" if value is not None else "-" for value in (*pooled.values(), row["fold_mean_auroc"])]
        table.add_row(
            row["arm"],
            str(row["samples"]),
            str(row["patients"]),
            numbers[0],
            f"{numbers[1]} to {numbers[2]}",
            numbers[3],
        )
    stdout.print(table)
