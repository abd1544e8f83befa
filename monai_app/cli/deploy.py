"""`monai-app deploy`: applications from DICOM to DICOM."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monai_app.cli.output import ForceOption, JsonOption, command, emit
from monai_app.cli.segment import window_bar
from monai_app.core.logging import configure_logging

if TYPE_CHECKING:
    from monai_app.deploy.segmentation import SegmentationApp

app = typer.Typer(help="Put the product behind a PACS: DICOM in, DICOM results out. Not for diagnosis.")


@app.command()
@command
def run(
    source: Annotated[Path, typer.Option("--input", "-i", help="Folder of the DICOM files of one study.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the results.")],
    name: Annotated[str, typer.Option("--app", help="ct_segmentation, hippocampus_mri, or the path of a YAML.")],
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    site: Annotated[Path | None, typer.Option(help="YAML of the site: equipment, time zone.")] = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Read a study, let the application's rules pick its series, and write DICOM results and manifest.json.

    The results refer to the original images: a binary segmentation with coded segments, a structured report (TID 1500)
    with volumes, and a picture for viewers that show neither. Exit code 2 where no series fits or the images are unlike
    what the network was trained on; then nothing is written. Not for diagnosis.
    """
    from monai_app.core.atomic import refuse_existing

    configure_logging()
    refuse_existing(out, force=force)
    opened = open_app(name, model=model, site=site)
    with window_bar(runs=1 + opened.spec.draws) as told:
        record = opened.run(
            source, out, created=datetime.now().astimezone().replace(tzinfo=None), force=force, progress=told
        )
    emit(_summary(out, record), as_json=json)


def open_app(name: str, *, model: Path | None = None, site: Path | None = None) -> SegmentationApp:
    """An application with its model loaded."""
    from monai_app.deploy.app import find_app
    from monai_app.deploy.segmentation import SegmentationApp
    from monai_app.deploy.site import read_site
    from monai_app.engines.volumes.lean import open_lean

    spec = find_app(name)
    opened = open_lean(spec.bundle, model_dir=model, overlays=spec.overlays)
    return SegmentationApp(
        Path(name).stem, spec, opened.model, opened.familiarity, opened.feature_layer, read_site(site)
    )


def _now() -> datetime:
    """By the machine's clock, as DICOM writes it: local and without a zone."""
    return datetime.now().astimezone().replace(tzinfo=None, microsecond=0)


def _summary(out: Path, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "out": str(out),
        "app": record["app"],
        "volumes_ml": {row["structure"]: round(row["volume_ml"], 2) for row in record["measurements"]},
        "doubts": record["doubts"],
        "outputs": sorted(record["outputs"]),
        "seconds": record["seconds"],
        "peak_mib": record["peak_mib"],
        "note": "not for diagnosis",
    }
