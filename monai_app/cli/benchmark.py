"""`monai-app benchmark fusion | shortcuts | attribution | synthetic`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from monai_app.cli.bundle import (
    BundleArgument,
    CohortOption,
    FusionOption,
    OverlayOption,
    SetOption,
    parse_settings,
)
from monai_app.cli.output import ForceOption, JsonOption, command, emit, stderr, stdout
from monai_app.core.logging import configure_logging

if TYPE_CHECKING:
    from monai_app.benchmark.claims import Claim

app = typer.Typer(help="Compare systems so that a reader can tell what wins when.", no_args_is_help=True)


@app.command()
@command
def fusion(
    cohort: CohortOption,
    out: Annotated[Path, typer.Option(help="Output folder; an interrupted run goes on there.")],
    systems: Annotated[
        str, typer.Option(help="Comma-separated names, or groups: all, ablations.", show_default=True)
    ] = "all",
    seeds: Annotated[int, typer.Option(help="Trainings a system, seeds 0 and up.", min=1)] = 5,
    profile: Annotated[str, typer.Option(help="small (an hour on two cores) or full.")] = "small",
    task: Annotated[list[str] | None, typer.Option(help="Classification task; repeatable; default all.")] = None,
    folds: Annotated[
        bool, typer.Option("--folds", help="Each seed trains on a patient-grouped fold of its own: for small cohorts.")
    ] = False,
    held_out_site: Annotated[
        str | None, typer.Option(help="Hold out all patients of this site: out of distribution. Not with --folds.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Trainings at once, a thread each.", min=1)] = 1,
    resamples: Annotated[int, typer.Option(help="Resamples of patients for the intervals.", min=0)] = 1000,
    bundle: Annotated[
        str, typer.Option(help="Path of a bundle, or the name of a shipped one.")
    ] = "multimodal_diagnosis",
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Train every fusion system on every seed; judge them clean, under every fault and every missing pattern.

    Writes results.parquet, weights.parquet and report.html. Safe to kill: the same command goes on.
    """
    from monai_app.benchmark.profiles import Profile
    from monai_app.benchmark.run import benchmark_fusion
    from monai_app.benchmark.systems import chosen_systems
    from monai_app.core.errors import InputRejected

    configure_logging()  # again: importing MONAI has added handlers of its own
    if profile not in list(Profile):
        raise InputRejected("PROFILE_UNKNOWN", "there is no such profile", got=profile, expected=", ".join(Profile))
    if folds and held_out_site is not None:
        raise InputRejected("OPTIONS_CLASH", "folds leave no site out", expected="--folds or --held-out-site")
    claims = benchmark_fusion(
        bundle,
        cohort,
        out,
        systems=chosen_systems([name.strip() for name in systems.split(",")]),
        seeds=seeds,
        profile=Profile(profile),
        tasks=task or None,
        settings=parse_settings(settings),
        folds=folds,
        held_out_site=held_out_site,
        jobs=jobs,
        resamples=resamples,
        on_stage=lambda stage: stderr.print(f"{stage} ..."),
    )
    show(claims, as_json=json)


def show(claims: Sequence[Claim], *, as_json: bool) -> None:
    """Print the claims beside what was measured."""
    if as_json:
        emit({"report": "report.html", "claims": [vars(claim) for claim in claims]}, as_json=True)
        return
    table = Table("claim", "measured", "met")
    for claim in claims:
        table.add_row(claim.what, claim.measured, {True: "yes", False: "no", None: "cannot be judged"}[claim.met])
    stdout.print(table)


@app.command()
@command
def shortcuts(
    bundle: BundleArgument,
    cohort: CohortOption,
    seed: Annotated[int, typer.Option(help="Seed that the phantom cohort was simulated with.")],
    out: Annotated[Path, typer.Option(help="Output folder.")],
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    fusion: FusionOption = None,
    films: Annotated[int, typer.Option(help="Held-out films whose marker twins are exposed.", min=1)] = 200,
    resamples: Annotated[int, typer.Option(help="Resamples of patients for the intervals.", min=0)] = 1000,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Does a film model read the chest or the cassette? Simulated films with other markers, and by projection.

    Writes shortcuts.json, shortcuts.csv and the twins. Phantom cohorts only: no other film can be exposed again.
    """
    from monai_app.benchmark.shortcut_run import run_shortcuts

    configure_logging()  # again: importing MONAI has added handlers of its own
    results = run_shortcuts(
        bundle,
        cohort,
        out,
        seed=seed,
        model_dir=model,
        system=fusion,
        films=films,
        resamples=resamples,
        settings=parse_settings(settings),
        on_stage=lambda stage: stderr.print(f"{stage} ..."),
    )
    if json:
        emit({"report": str(out / "shortcuts.json"), **results}, as_json=True)
        return
    table = Table("markers", "label", "n", "moved, mean", "95 %", "AUROC", "change")
    for row in results["markers"]:
        numbers = [row["moved_mean"], row["moved_p95"], row["auroc"]["value"], row["auroc_change"]["value"]]
        shown = ["-" if number is None else f"{number:.3f}" for number in numbers]
        table.add_row(row["condition"], row["label"], str(row["samples"]), *shown)
    stdout.print(table)


MadeOption = Annotated[Path, typer.Option("--synthetic", help="Cohort that `monai-app synthesize` wrote, with films.")]
ArmOption = Annotated[
    list[str] | None, typer.Option(help="real, synthetic, both or pretrained; repeatable; default all.")
]
LabelOption = Annotated[
    str | None, typer.Option(help="Label whose AUPRC is the primary outcome; default the rarest one judged.")
]
FewOption = Annotated[
    int | None, typer.Option(help="Train on so many real patients only, others for each seed.", min=1)
]
RareOption = Annotated[
    int | None, typer.Option(help="Train on so many real patients with --label only: a label made rare.", min=1)
]
StartOption = Annotated[Path | None, typer.Option(help="Model folder whose film encoder every arm starts from.")]


@app.command()
@command
def synthetic(
    cohort: CohortOption,
    made: MadeOption,
    out: Annotated[Path, typer.Option(help="Output folder; an interrupted run goes on there.")],
    arm: ArmOption = None,
    seeds: Annotated[int, typer.Option(help="Trainings an arm, seeds 0 and up.", min=1)] = 5,
    label: LabelOption = None,
    task: Annotated[list[str] | None, typer.Option(help="Classification task; repeatable; default all.")] = None,
    steps: Annotated[int, typer.Option(help="Steps of the optimiser in every arm.")] = 384,
    every: Annotated[int, typer.Option(help="Steps between validations on the real tuning split.")] = 32,
    share: Annotated[float, typer.Option(help="Share of synthetic samples in the batches of `both`.")] = 0.5,
    real_patients: FewOption = None,
    real_positives: RareOption = None,
    start: StartOption = None,
    split: Annotated[str, typer.Option(help="Judge on held_out, or, to choose settings, on tuning.")] = "held_out",
    resamples: Annotated[int, typer.Option(help="Resamples of patients and seeds for the intervals.", min=0)] = 1000,
    bundle: Annotated[str, typer.Option(help="Path of a bundle, or the name of a shipped one.")] = "cxr_classification",
    fusion: FusionOption = None,
    overlay: OverlayOption = None,
    settings: SetOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Are synthetic films useful? One classifier trained on real, synthetic, both, one after the other; tested on real.

    Every arm takes the same number of steps and keeps what is best on the real tuning split. Writes synthetic.json and
    report.html: AUROC and AUPRC a label, differences from real films alone, 95 % intervals over patients and seeds.
    """
    from monai_app.benchmark.claims import Claim
    from monai_app.benchmark.run import judged_tasks
    from monai_app.benchmark.synthetic_arms import Plan, chosen_arms
    from monai_app.benchmark.synthetic_run import PAGE_NAME, benchmark_synthetic
    from monai_app.cohort.store import Cohort

    configure_logging()  # again: importing MONAI has added handlers of its own
    arms, tasks = chosen_arms(arm), judged_tasks(Cohort(cohort), task or None)
    plan = Plan(
        bundle, cohort, made, out, tasks, fusion or ("densenet_narrow" if bundle == "cxr_classification" else None),
        tuple(overlay or ()), steps, every, share, real_patients, real_positives, label, start,
        parse_settings(settings),
    )  # fmt: skip
    judged: dict[str, Any] = {"split": split, "resamples": resamples, "force": force}
    judged["on_stage"] = lambda stage: stderr.print(f"{stage} ...")
    found = benchmark_synthetic(plan, arms=arms, seeds=seeds, **judged)
    if json:
        emit({"report": str(out / PAGE_NAME), **found}, as_json=True)
        return
    show([Claim(**claim) for claim in found["claims"]], as_json=False)


ModelsOption = Annotated[
    list[str] | None,
    typer.Option(help="NAME=FOLDER, NAME a system of the bundle (early, or early@a for a second one); repeatable."),
]
RegionOption = Annotated[
    str | None,
    typer.Option(help="Real films: hold maps against this region of the cohort's masks (lungs) and nothing else."),
]
LabelsOption = Annotated[
    list[str] | None, typer.Option(help="With --region: label to explain; repeatable; default all of the model.")
]
AllSplitsOption = Annotated[
    bool, typer.Option("--all-splits", help="With --region: all films, for models trained on another cohort.")
]
MarkerOption = Annotated[
    str | None,
    typer.Option(help="Label: train two small film models, one with letters tied to it, and look for the letters."),
]


@app.command()
@command
def attribution(
    bundle: BundleArgument,
    cohort: CohortOption,
    out: Annotated[Path, typer.Option(help="Output folder; an interrupted run goes on with the next model.")],
    model: ModelsOption = None,
    fusion: FusionOption = None,
    method: Annotated[
        list[str] | None, typer.Option(help="Method of attribution as in `explain`; repeatable; default all.")
    ] = None,
    cases: Annotated[int, typer.Option(help="Held-out cases a label, that have it and show it.", min=0)] = 12,
    faithful: Annotated[
        int, typer.Option(help="Of these, how many are also tested by removal, which costs ten times more.", min=0)
    ] = 2,
    films_only: Annotated[bool, typer.Option("--films-only", help="Map films alone.")] = False,
    plant_marker: MarkerOption = None,
    region: RegionOption = None,
    label: LabelsOption = None,
    all_splits: AllSplitsOption = False,
    resamples: Annotated[int, typer.Option(help="Resamples of patients for the intervals.", min=0)] = 1000,
    profile: Annotated[
        str | None, typer.Option(help="Profile that `benchmark fusion` trained the models with: small or full.")
    ] = None,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Do attributions find what is known? Modality shares, lesions, channels, fields and words of simulated patients.

    Writes report.html, results.csv and parquet, attribution.json. Phantom cohorts only: nobody knows it of others. With
    --region: does relevance lie in the lungs of real films that have masks?
    """
    configure_logging()  # again: importing MONAI has added handlers of its own
    asked: dict[str, Any] = {
        "models": model or (),
        "system": fusion,
        "methods": method or ("all",),
        "cases": cases,
        "faithful": faithful,
        "settings": {**_trained_with(profile), **parse_settings(settings)},
        "resamples": resamples,
        "on_stage": lambda stage: stderr.print(f"{stage} ..."),
    }
    _refuse_clash(region, known_only=bool(plant_marker), region_only=bool(label) or all_splits)
    if region is not None:
        from monai_app.benchmark.attribution_regions import benchmark_regions

        asked |= {"region": region, "labels": label or (), "all_splits": all_splits}
        emit({"report": str(out / "report.html"), **benchmark_regions(bundle, cohort, out, **asked)}, as_json=json)
        return
    from monai_app.benchmark.attribution_run import benchmark_attribution

    record = benchmark_attribution(bundle, cohort, out, films_only=films_only, plant_marker=plant_marker, **asked)
    if json:
        emit({"report": str(out / "report.html"), **record}, as_json=True)
        return
    show_shares(record["recovered"])


def _trained_with(profile: str | None) -> Mapping[str, Any]:
    """Settings of a profile's networks."""
    from monai_app.benchmark.profiles import NETWORK, Profile
    from monai_app.core.errors import InputRejected

    if profile is None:
        return {}
    if profile not in list(Profile):
        raise InputRejected("PROFILE_UNKNOWN", "there is no such profile", got=profile, expected=", ".join(Profile))
    return NETWORK[Profile(profile)]


def _refuse_clash(region: str | None, *, known_only: bool, region_only: bool) -> None:
    """Options that only one of the two questions knows."""
    from monai_app.core.errors import InputRejected

    if (region is not None and known_only) or (region is None and region_only):
        raise InputRejected(
            "OPTIONS_CLASH",
            "a region of real films and what a simulation knows are two questions",
            expected="--label and --all-splits with --region; --plant-marker without",
        )


def show_shares(recovered: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Print how well each statistic recovers the true shares of the modalities."""
    table = Table("model", "statistic", "Spearman, all pairs", "pairs that are read")
    for name, found in recovered.items():
        for statistic, estimate in found.items():
            table.add_row(
                name, statistic, _interval(estimate), f"{_interval(estimate['read'])}, {estimate['pairs_read']}"
            )
    stdout.print(table)


def _interval(estimate: Mapping[str, Any]) -> str:
    value, low, high = ("-" if estimate[key] is None else f"{estimate[key]:.2f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"
