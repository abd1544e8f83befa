"""`monai-app datalist`: a MONAI data list of a folder with splits.csv, or of a phantom cohort."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.output import ForceOption, JsonOption, command, emit


class Modality(StrEnum):
    """Series of a phantom cohort."""

    CT = "CT"
    MR = "MR"


_HELP = """Write the data list that segmentation bundles train on.

SOURCE is a folder with images/, labels/ and splits.csv (columns id and split), or a phantom cohort made with --volumes.

\b
[bold]Examples[/bold]
  monai-app datalist seg3d/hippocampus --out hippocampus
  monai-app cohort phantom --out cohorts/volumes --patients 60 --volumes 60 --seed 11
  monai-app datalist cohorts/volumes --out phantom_ct --modality CT

The list is OUT/dataset.json; train with `python -m monai.bundle run training ... --datalist OUT/dataset.json`.
"""


@command
def datalist(
    source: Annotated[Path, typer.Argument(help="Folder or cohort.")],
    out: Annotated[Path, typer.Option(help="New folder for dataset.json and, of a phantom, its label maps.")],
    modality: Annotated[Modality, typer.Option(help="Which series of a phantom cohort.")] = Modality.CT,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Write a data list; the help text stands in ``_HELP``."""
    from monai_app.cohort.datalist_sources import list_folder, list_phantom
    from monai_app.core.atomic import refuse_existing

    if (source / "splits.csv").is_file():
        refuse_existing(out, force=force)
        counts = list_folder(source, out / "dataset.json")
    else:
        counts = list_phantom(source, out, modality=modality.value, force=force)
    emit({"datalist": str(out / "dataset.json"), **counts}, as_json=json)


datalist.__doc__ = _HELP
