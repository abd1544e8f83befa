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
    from monai_app.deploy.diagnosis import DiagnosisApp
    from monai_app.deploy.segmentation import SegmentationApp

app = typer.Typer(help="Put the product behind a PACS: DICOM in, DICOM results out. Not for diagnosis.")


@app.command()
@command
def run(
    source: Annotated[Path, typer.Option("--input", "-i", help="Folder of the DICOM files of one study.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the results.")],
    name: Annotated[
        str, typer.Option("--app", help="ct_segmentation, hippocampus_mri, cxr_diagnosis, or the path of a YAML.")
    ],
    ehr: Annotated[
        str | None,
        typer.Option(help="Record of the patient: FHIR bundle, NDJSON, folder or server URL; or a MEDS folder."),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    site: Annotated[Path | None, typer.Option(help="YAML of the site: equipment, time zone.")] = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Read a study, let the application's rules pick its series, and write DICOM results and manifest.json.

    The results refer to the original images: a segmentation with coded segments or maps of the findings, a structured
    report (TID 1500), and a picture for viewers that show neither. A record is read up to the time of the study only,
    and refused where it is another patient's; tokens of a server stand in MONAI_APP_FHIR_TOKEN. Exit code 2 where no
    series fits or the images are unlike what the network was trained on; then nothing is written. Not for diagnosis.
    """
    from monai_app.core.atomic import refuse_existing
    from monai_app.core.errors import InputRejected
    from monai_app.deploy.diagnosis import DiagnosisApp

    configure_logging()
    refuse_existing(out, force=force)
    opened = open_app(name, model=model, site=site)
    if isinstance(opened, DiagnosisApp):
        record = opened.run(source, out, created=_now(), ehr=ehr, force=force)
    elif ehr is not None:
        raise InputRejected("EHR_NOT_READ", "the application reads images only", expected="no --ehr")
    else:
        with window_bar(runs=1 + opened.spec.draws) as told:
            record = opened.run(source, out, created=_now(), force=force, progress=told)
    emit(_summary(out, record), as_json=json)


def open_app(name: str, *, model: Path | None = None, site: Path | None = None) -> SegmentationApp | DiagnosisApp:
    """An application with its model loaded."""
    from monai_app.deploy.app import AppKind, find_app
    from monai_app.deploy.diagnosis import DiagnosisApp
    from monai_app.deploy.segmentation import SegmentationApp
    from monai_app.deploy.site import read_site

    spec, place, title = find_app(name), read_site(site), Path(name).stem
    if spec.kind is AppKind.DIAGNOSIS:
        from monai_app.engines.diagnosing import open_diagnosis

        opened = open_diagnosis(
            spec.bundle, overlays=spec.overlays, model_dir=model, settings=spec.settings, tasks=spec.tasks,
            method=spec.method,
        )  # fmt: skip
        return DiagnosisApp(title, spec, opened, place)
    from monai_app.engines.volumes.lean import open_lean

    lean = open_lean(spec.bundle, model_dir=model, overlays=spec.overlays)
    return SegmentationApp(title, spec, lean.model, lean.familiarity, lean.feature_layer, place)


def _now() -> datetime:
    """By the machine's clock, as DICOM writes it: local and without a zone."""
    return datetime.now().astimezone().replace(tzinfo=None, microsecond=0)


def _summary(out: Path, record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "measurements" in record:
        found["volumes_ml"] = {row["structure"]: round(row["volume_ml"], 2) for row in record["measurements"]}
    if "findings" in record:
        found["findings"] = {row["name"]: round(row["probability"], 3) for row in record["findings"]}
        found["record"] = record["record"]
    return {
        "out": str(out),
        "app": record["app"],
        **found,
        "doubts": record["doubts"],
        "outputs": sorted(record["outputs"]),
        "seconds": record["seconds"],
        "peak_mib": record["peak_mib"],
        "note": "not for diagnosis",
    }
