"""`monai-app familiarity`: what a segmentation bundle's volumes look like to `segment` and `deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.bundle import BundleArgument
from monai_app.cli.output import ForceOption, JsonOption, command, emit, progress
from monai_app.core.logging import configure_logging


@command
def familiarity(
    bundle: BundleArgument,
    datalist: Annotated[Path, typer.Option(help="MONAI data list that the weights were trained on.")],
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    overlay: Annotated[list[str] | None, typer.Option("--overlay", help="Overlay of the bundle; repeatable.")] = None,
    at: Annotated[
        float, typer.Option(help="Share of familiar volumes that each limit lets pass.", min=0, max=1)
    ] = 0.99,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Fit what the volumes look like that a network was trained on, as `segment` and `deploy` see them.

    Features of the training split and limits from validation; afterwards `segment` says of each volume whether it looks
    unfamiliar, and `deploy` reports or refuses it. `evaluate` keeps a record of its own.
    """
    from monai_app.core.atomic import refuse_existing
    from monai_app.engines.bundle import find_bundle
    from monai_app.engines.volumes.lean import open_lean
    from monai_app.engines.volumes.lean_familiarity import fit_lean_familiarity
    from monai_app.inference.ood import LEAN_FILE_NAME

    configure_logging()
    folder = model if model is not None else find_bundle(bundle) / "models"
    refuse_existing(folder / LEAN_FILE_NAME, force=force)
    opened = open_lean(bundle, model_dir=model, overlays=overlay or [])
    with progress() as bar:
        job = bar.add_task("volumes", total=None)
        found = fit_lean_familiarity(
            opened, datalist, folder, at=at, told=lambda done, total: bar.update(job, completed=done, total=total)
        )
    emit({"model": str(folder), **found}, as_json=json)
