"""`monai-app segment`: one CT or MR volume to labels, a picture, measurements and a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monai_app.cli.bundle import BundleArgument
from monai_app.cli.output import ForceOption, JsonOption, command, emit, progress
from monai_app.core.logging import configure_logging

if TYPE_CHECKING:
    from monai_app.inference.segment import Progress


@command
def segment(
    bundle: BundleArgument,
    source: Annotated[
        list[Path],
        typer.Option(
            "--input", "-i", help="NIfTI or NRRD file, or folder of a DICOM series; repeatable, one a sequence."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the results.")],
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    overlay: Annotated[list[str] | None, typer.Option("--overlay", help="Overlay of the bundle; repeatable.")] = None,
    rules: Annotated[Path | None, typer.Option(help="Series rules (configs/series) where there are several.")] = None,
    overlap: Annotated[float, typer.Option(help="Share of a window that its neighbour sees; MONAI's .5.")] = 0.25,
    precision: Annotated[str, typer.Option(help="auto, fp32, or bf16 (where the processor has it).")] = "auto",
    crop: Annotated[str, typer.Option(help="body: nothing in air beside it (CT); none: everything.")] = "body",
    backend: Annotated[str, typer.Option(help="torch, or openvino (extra) in a process of its own.")] = "torch",
    compare: Annotated[bool, typer.Option(help="Also run exactly (fp32, .5, none); print the agreement.")] = False,
    draws: Annotated[
        int, typer.Option(help="Altered copies segmented too, for the spread of each volume in mL; 0 for none.", min=0)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the altered copies.")] = 0,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Segment a volume on its own grid: labels.nii.gz, preview.png, measurements and manifest.json. Not for diagnosis.

    The defaults are the lean ones. What overlap, precision and crop cost in agreement with MONAI's way on a volume of
    yours, --compare measures and prints.
    """
    from monai_app.core.atomic import refuse_existing
    from monai_app.engines.volumes.lean import open_lean
    from monai_app.inference.model import Options
    from monai_app.inference.outputs import write_result
    from monai_app.inference.run import segment_source
    from monai_app.inference.source import read_sources
    from monai_app.inference.stages import Stages

    configure_logging()  # again: importing MONAI has added handlers of its own
    refuse_existing(out, force=force)
    options = Options.parse(overlap=overlap, precision=precision, crop=crop, backend=backend)
    stages = Stages()
    with stages("open bundle"):
        opened = open_lean(bundle, model_dir=model, overlays=overlay or [])
    with stages("read"):
        read = read_sources(source, rules=rules, sequences=opened.model.sequences)
    with window_bar(runs=1 + draws + compare) as told:
        result = segment_source(
            read, opened.model, options, familiarity=opened.familiarity, feature_layer=opened.feature_layer,
            compare=compare, draws=draws, seed=seed, progress=told, stages=stages,
        )  # fmt: skip
    manifest = write_result(out, result, stages=stages, force=force)
    emit(_summary(out, result.measurements, manifest), as_json=json)


@contextmanager
def window_bar(*, runs: int) -> Iterator[Progress]:
    """A bar of windows on stderr, over all runs; the last, if it compares, may have more windows than the first."""
    from monai_app.inference.segment import Progress

    with progress() as bar:
        job = bar.add_task("windows", total=None)
        started: list[int] = []

        def start(windows: int) -> None:
            started.append(windows)
            bar.update(job, total=sum(started) + (runs - len(started)) * windows)

        yield Progress(on_start=start, on_window=lambda: bar.advance(job))


def _summary(out: Path, measurements: Any, manifest: dict[str, Any]) -> dict[str, Any]:
    shown: tuple[str, ...] = ("windows", "seconds", "peak_mib", "confidence", "familiarity", "agreement")
    kept = {key: manifest[key] for key in shown if key in manifest}
    return {
        "out": str(out),
        "volumes_ml": {row["structure"]: round(row["volume_ml"], 2) for row in measurements},
        **_spread(measurements),
        **kept,
        "note": "not for diagnosis",
    }


def _spread(measurements: Any) -> dict[str, Any]:
    known = {row["structure"]: round(row["volume_sd_ml"], 3) for row in measurements if row["volume_sd_ml"] is not None}
    return {"volumes_sd_ml": known} if known else {}
