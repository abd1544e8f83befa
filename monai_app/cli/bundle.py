"""`monai-app train | evaluate | predict | verify`: friendly doors to the bundles' own workflows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from monai_app.cli.output import JsonOption, command, emit
from monai_app.core.errors import InputRejected
from monai_app.core.logging import configure_logging

BundleArgument = Annotated[str, typer.Argument(help="Path of a bundle, or the name of a shipped one.")]
CohortOption = Annotated[Path, typer.Option(help="Cohort directory.")]
CohortOrNone = Annotated[Path | None, typer.Option("--cohort", help="Cohort directory, of a bundle that reads one.")]
DatalistOrNone = Annotated[
    Path | None, typer.Option("--datalist", help="MONAI data list (JSON), of a bundle of volumes.")
]
FusionOption = Annotated[
    str | None,
    typer.Option(
        help="System: the NAME of configs/fusion_NAME.yaml or encoder_NAME.yaml; default attention, where there is one."
    ),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="KEY=VALUE overrides an entry of the configuration; repeatable.")
]
OverlayOption = Annotated[
    list[str] | None, typer.Option("--overlay", help="Further overlay, such as smoke; repeatable.")
]


def parse_settings(pairs: list[str] | None) -> dict[str, Any]:
    """``["train::trainer::max_epochs=2"]`` -> ``{"train::trainer::max_epochs": 2}``; values are YAML.

    Raises:
        InputRejected: ``SETTING_INVALID``.
    """
    settings: dict[str, Any] = {}
    for pair in pairs or []:
        key, separator, value = pair.partition("=")
        try:
            settings[key.replace("#", "::")] = yaml.safe_load(value)
        except yaml.YAMLError:
            separator = ""
        if not separator or not key:
            raise InputRejected(
                "SETTING_INVALID", "a setting cannot be read", got=repr(key), expected="--set key=value"
            )
    return settings


def training_workflow(stage: str | None) -> str:
    """The workflow that trains a stage; None trains a bundle of one stage.

    Raises:
        InputRejected: ``STAGE_UNKNOWN``.
    """
    known = ("autoencoder", "diffusion")
    if stage is not None and stage not in known:
        raise InputRejected("STAGE_UNKNOWN", "there is no such stage", got=stage, expected=", ".join(known))
    return "train" if stage is None else f"train_{stage}"


def run_bundle(
    bundle: str,
    workflow_name: str,
    cohort: Path | None,
    fusion: str | None,
    overlays: list[str] | None,
    settings: dict[str, Any],
    *,
    datalist: Path | None = None,
    has_input: bool = False,
    tracking: str | None = None,
) -> tuple[Any, Any]:
    """Open and run a workflow; return its parser and the result of its last step.

    Args:
        has_input: the settings name a file or folder instead of a cohort or a data list.

    Raises:
        InputRejected: ``DATA_MISMATCH`` where the bundle reads the other kind of data, or nothing was named.
    """
    from monai_app.engines.bundle import Workflow, find_bundle, open_workflow, run_workflow, system_overlays

    configure_logging()  # again: importing MONAI has added handlers of its own
    folder = find_bundle(bundle)
    given = {"cohort_dir": cohort, "datalist": datalist}
    data = {key: str(path) for key, path in given.items() if path is not None}
    if not has_input:
        _refuse_other_data(folder, data)
    opened = open_workflow(
        folder,
        Workflow(workflow_name),
        overlays=[*system_overlays(folder, fusion), *(overlays or [])],
        settings={**data, **settings},
        tracking=tracking,
    )
    return opened.parser, run_workflow(opened)[-1]


_DATA_OPTIONS = {"cohort_dir": "--cohort DIR", "datalist": "--datalist FILE"}


def _refuse_other_data(bundle: Path, data: dict[str, str]) -> None:
    from monai_app.core.loading import read_yaml

    common = bundle / "configs" / "common.yaml"
    shared = read_yaml(common) if common.is_file() else {}
    wanted = [key for key in _DATA_OPTIONS if key in shared]
    if wanted and (len(data) != 1 or not set(data) <= set(wanted)):  # a bundle of films and volumes takes either
        raise InputRejected(
            "DATA_MISMATCH",
            "the bundle reads other data",
            got=" and ".join(_DATA_OPTIONS[key] for key in data) or "nothing",
            expected=" or ".join(_DATA_OPTIONS[key] for key in wanted),
            remedy="Name the data that the bundle's page says.",
        )


@command
def train(
    bundle: BundleArgument,
    cohort: CohortOrNone = None,
    datalist: DatalistOrNone = None,
    fusion: FusionOption = None,
    out: Annotated[Path | None, typer.Option(help="Output folder; default runs/SYSTEM.")] = None,
    overlay: OverlayOption = None,
    settings: SetOption = None,
    stage: Annotated[
        str | None, typer.Option(help="Of a bundle that is trained in stages: autoencoder, then diffusion.")
    ] = None,
    tracking: Annotated[str | None, typer.Option(help="mlflow, or a file of MONAI tracking settings.")] = None,
    json: JsonOption = False,
) -> None:
    """Train a model. Repeating the command goes on where it was interrupted."""
    from monai_app.engines.training_log import training_summary

    folder = {} if out is None else {"output_dir": str(out)}
    chosen = {**folder, **parse_settings(settings)}
    workflow = training_workflow(stage)
    parser, _ = run_bundle(bundle, workflow, cohort, fusion, overlay, chosen, datalist=datalist, tracking=tracking)
    model_dir = parser.get_parsed_content("output_dir")
    emit({"model": model_dir, **training_summary(model_dir)}, as_json=json)


@command
def evaluate(
    bundle: BundleArgument,
    cohort: CohortOrNone = None,
    datalist: DatalistOrNone = None,
    fusion: FusionOption = None,
    out: Annotated[Path | None, typer.Option(help="Output folder of the training; the report goes below it.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the output folder.")] = None,
    overlay: OverlayOption = None,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Evaluate a trained model on the held-out split: metrics.json, report.html, predictions or a row a volume."""
    from monai_app.engines.evaluation import headlines

    folders = {"output_dir": out, "model_dir": model}
    chosen = {name: str(path) for name, path in folders.items() if path is not None} | parse_settings(settings)
    parser, metrics = run_bundle(bundle, "evaluate", cohort, fusion, overlay, chosen, datalist=datalist)
    shown = {"metrics": metrics} if json else headlines(metrics)
    emit({"report": parser.get_parsed_content("report_dir"), **shown}, as_json=json)


@command
def predict(
    bundle: BundleArgument,
    cohort: CohortOrNone = None,
    datalist: DatalistOrNone = None,
    fusion: FusionOption = None,
    out: Annotated[Path | None, typer.Option(help="Output folder; default runs/inference.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    overlay: OverlayOption = None,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Predict for every sample of a cohort or volume of a data list, labelled or not: tables, JSON, label maps."""
    folders = {"output_dir": out, "model_dir": model}
    chosen = {name: str(path) for name, path in folders.items() if path is not None} | parse_settings(settings)
    _, written = run_bundle(bundle, "inference", cohort, fusion, overlay, chosen, datalist=datalist)
    emit(written, as_json=json)


@command
def verify(
    bundle: BundleArgument,
    cohort: Annotated[Path | None, typer.Option(help="Cohort to build on; default: a small phantom one.")] = None,
    json: JsonOption = False,
) -> None:
    """Check a bundle offline: lint, metadata, properties of every workflow and fusion, network in and out."""
    from monai_app.engines.bundle import find_bundle
    from monai_app.engines.verify import verification_report, verify_bundle

    configure_logging()
    report = verification_report(verify_bundle(find_bundle(bundle), cohort_dir=cohort))
    emit(report, as_json=json)
    if not report["passed"]:
        raise typer.Exit(1)
