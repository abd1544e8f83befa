"""`monai-app explain`: why the model said so, for one case or volume, as a page, pictures and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from monai_app.cli.bundle import BundleArgument, FusionOption, OverlayOption, SetOption, parse_settings, run_bundle
from monai_app.cli.output import ForceOption, JsonOption, command, emit
from monai_app.core.errors import InputRejected

MethodsOption = Annotated[
    list[str] | None,
    typer.Option(
        help="integrated_gradients (default), gradient_shap, grad_cam, hires_cam (images), occlusion, or all;"
        " repeatable: the first makes the maps, all together say where methods agree.",
    ),
]
FilmBaselineOption = Annotated[
    str, typer.Option(help="Compare a film with itself blurred, or with the mean film: blurred, mean.")
]
DecoyOption = Annotated[
    bool,
    typer.Option(
        "--decoy",
        help="For reader studies: maps of the model with random weights. Looks like --blind; only OUT.key.json"
        " beside the folder says which it is. Never for patients.",
    ),
]
BlindOption = Annotated[
    bool, typer.Option("--blind", help="For reader studies: the true maps, without the checks that decoys fail.")
]


@command
def explain(
    bundle: BundleArgument,
    target: Annotated[
        str, typer.Option(help="Label (task, task/class or task/by_TIME) or structure; a wrong one lists them all.")
    ],
    cohort: Annotated[Path | None, typer.Option(help="Cohort directory, for models of patients and films.")] = None,
    datalist: Annotated[Path | None, typer.Option(help="MONAI data list, for models of volumes.")] = None,
    case: Annotated[
        str | None,
        typer.Option(help="SUBJECT or SUBJECT:K (K-th prediction time) of a cohort; place in a data list, from 1."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", help="Volume instead of a case: NIfTI, NRRD or DICOM folder; one a sequence."),
    ] = None,
    method: MethodsOption = None,
    film_baseline: FilmBaselineOption = "blurred",
    decoy: DecoyOption = False,
    blind: BlindOption = False,
    seed: Annotated[int, typer.Option(help="Of random orders, nearby inputs and random weights.")] = 0,
    region: Annotated[
        list[str] | None,
        typer.Option(
            help="Known region (film masks of the cohort, label map of the list) to score the map against; repeatable."
        ),
    ] = None,
    fusion: FusionOption = None,
    out: Annotated[Path | None, typer.Option(help="Output folder; default runs/explanation.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    rules: Annotated[Path | None, typer.Option(help="Series rules (configs/series) where there are several.")] = None,
    overlay: OverlayOption = None,
    settings: SetOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Explain one prediction: which data, pixel, value and word moved it, and how far the maps can be believed.

    Writes case.html to read, attribution.json for machines, and of a film or volume its map (NIfTI). Volumes:
    `explain ct_segmentation --target lesion --input SCAN --out why`. Not for diagnosis.
    """
    _refuse_mixture(cohort, datalist, case, source)
    paths = {"output_dir": out, "model_dir": model, "rules": rules}
    chosen: dict[str, Any] = {name: str(path) for name, path in paths.items() if path is not None}
    asked = {"target": target, "regions": region, "force": force} | _asked(method, film_baseline, decoy, blind, seed)
    asked |= {} if case is None else {"case": case}
    asked |= {"input": source} if source else {}
    chosen |= asked | parse_settings(settings)
    parser, record = run_bundle(
        bundle, "explain", cohort, fusion, overlay, chosen, datalist=datalist, has_input=bool(source)
    )
    page = Path(parser.get_parsed_content("output_dir")) / "case.html"
    emit({"page": str(page), **(record if json else _short(record))}, as_json=json)


def _asked(methods: list[str] | None, film_baseline: str, decoy: bool, blind: bool, seed: int) -> dict[str, Any]:
    """What not every bundle knows is set only where it was asked for."""
    asked: dict[str, Any] = {"method": "integrated_gradients"}
    if methods:
        asked["method"] = methods if len(methods) > 1 else methods[0]
    if film_baseline != "blurred":
        asked["film_baseline"] = film_baseline
    if decoy or blind:
        asked["study"] = "decoy" if decoy else "model"
    return asked | ({"seed": seed} if seed else {})


def _refuse_mixture(cohort: Path | None, datalist: Path | None, case: str | None, source: list[str] | None) -> None:
    """One case is needed, and one place where it is."""
    told = [name for name, given in (("--cohort", cohort), ("--datalist", datalist), ("--input", source)) if given]
    if len(told) != 1 or (case is None) is (source is None or not source):
        raise InputRejected(
            "CASE_UNCLEAR",
            "it is not clear what is to be explained",
            got=", ".join([*told, *(["--case"] if case is not None else [])]) or "nothing",
            expected="--cohort DIR --case SUBJECT, or --datalist FILE --case K, or --input PATH",
            remedy="Give one of these three.",
        )


def _short(record: dict[str, Any]) -> dict[str, Any]:
    """What a person wants to see."""
    found = {"prediction": record["shown"]}
    if "modalities" in record:
        return found | {name: f"{worth:+.2f}" for name, worth in record["modalities"]["shapley"].items()}
    return found | {"computed at": record["computed_at"], "warnings": record["warnings"]}
