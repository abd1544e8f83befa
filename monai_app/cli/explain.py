"""`monai-app explain`: why the model said so, for one case, as a page, pictures and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.bundle import (
    BundleArgument,
    CohortOption,
    FusionOption,
    OverlayOption,
    SetOption,
    parse_settings,
    run_bundle,
)
from monai_app.cli.output import ForceOption, JsonOption, command, emit


@command
def explain(
    bundle: BundleArgument,
    cohort: CohortOption,
    case: Annotated[str, typer.Option(help="SUBJECT, or SUBJECT:K for the K-th of its prediction times.")],
    target: Annotated[str, typer.Option(help="Label: task, task/class, or task/by_TIME; a wrong one lists them all.")],
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="integrated_gradients (default), gradient_shap, grad_cam, hires_cam (images), occlusion, or all;"
            " repeatable: the first makes the maps, all together say where methods agree.",
        ),
    ] = None,
    film_baseline: Annotated[
        str, typer.Option(help="Compare a film with itself blurred, or with the mean film: blurred, mean.")
    ] = "blurred",
    decoy: Annotated[
        bool,
        typer.Option(
            "--decoy",
            help="For reader studies: maps of the model with random weights. Looks like --blind; only OUT.key.json"
            " beside the folder says which it is. Never for patients.",
        ),
    ] = False,
    blind: Annotated[
        bool, typer.Option("--blind", help="For reader studies: the true maps, without the checks that decoys fail.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of random orders, nearby inputs and random weights.")] = 0,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Known region of the cohort's film masks to score the map against; repeatable, A+B joins."),
    ] = None,
    fusion: FusionOption = None,
    out: Annotated[Path | None, typer.Option(help="Output folder; default runs/explanation.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    overlay: OverlayOption = None,
    settings: SetOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Explain one prediction: which data, pixel, value and word moved it, and how far the maps can be believed.

    Writes case.html to read, attribution.json for machines, and of a film its overlay (PNG) and its map (NIfTI).
    """
    folders = {"output_dir": out, "model_dir": model}
    chosen = {name: str(path) for name, path in folders.items() if path is not None}
    asked = {"case": case, "target": target, "regions": region, "force": force, "seed": seed}
    asked |= {"method": method or ["integrated_gradients"], "film_baseline": film_baseline}
    asked |= {"study": "decoy" if decoy else "model" if blind else None}
    parser, record = run_bundle(bundle, "explain", cohort, fusion, overlay, chosen | asked | parse_settings(settings))
    page = Path(parser.get_parsed_content("output_dir")) / "case.html"
    shown = {} if json else {name: f"{worth:+.2f}" for name, worth in record["modalities"]["shapley"].items()}
    emit({"page": str(page), **(record if json else {"prediction": record["shown"], **shown})}, as_json=json)
