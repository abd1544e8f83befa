"""`monai-app privacy copies | membership | audit | curve`: does a model give its patients away?"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monai_app.cli.bundle import BundleArgument, CohortOption, FusionOption, OverlayOption, SetOption, parse_settings
from monai_app.cli.output import ForceOption, JsonOption, command, emit, progress, stderr
from monai_app.core.logging import configure_logging

if TYPE_CHECKING:
    from monai_app.generate.privacy.spaces import Space

app = typer.Typer(help="Does a model give its patients away? Copies, membership, audits.", no_args_is_help=True)

OutOption = Annotated[Path, typer.Option(help="Output folder.")]
ResamplesOption = Annotated[int, typer.Option(help="Resamples of patients for the intervals.", min=0)]
DeltaOption = Annotated[float, typer.Option(help="Probability that the bound fails; below 1 / patients.")]


@app.command()
@command
def copies(
    train: Annotated[Path, typer.Option(help="Films trained on: a cohort (its train split) or a folder of films.")],
    generated: Annotated[Path, typer.Option(help="Generated films: a cohort (all of it) or a folder.")],
    held_out: Annotated[Path, typer.Option(help="Real films not trained on: a cohort or a folder.")],
    out: OutOption,
    held_out_split: Annotated[
        str, typer.Option(help="Split of a held-out cohort. Its films must be of the sites that are generated for.")
    ] = "held_out",
    embedding: Annotated[
        str,
        typer.Option(
            help="aligned (sees moved, brighter and noisy copies), pixels, or the bundle whose film encoder measures."
        ),
    ] = "aligned",
    fusion: FusionOption = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    at: Annotated[float, typer.Option(help="Share of real held-out films that may count as copies.")] = 0.01,
    plant: Annotated[int, typer.Option(help="Training films slipped in as copies, which must be found.", min=0)] = 20,
    pairs: Annotated[int, typer.Option(help="Closest pairs shown in the report.", min=0)] = 8,
    size_px: Annotated[int, typer.Option(help="Side that films are read at, for aligned and pixels.", min=32)] = 96,
    seed: Annotated[int, typer.Option(help="Of halves and planted copies.")] = 0,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Are generated films copies of training films? Nearest neighbours, judged by real films not trained on.

    Films are PNG, JPEG, DICOM or NIfTI. Writes copies.json and copies.html; the page shows the closest pairs side by
    side: keep it on your own machine. Exit code 1 when copies are found, or when planted copies are missed.
    """
    from monai_app.core.atomic import atomic_directory, refuse_existing, write_json
    from monai_app.generate.privacy.copies import copy_test
    from monai_app.generate.privacy.copies_page import copies_page
    from monai_app.generate.privacy.film_files import film_paths, one_film_a_patient, read_films

    refuse_existing(out, force=force)
    space, size_px = _space(embedding, fusion, model, size_px)
    configure_logging()  # again: importing MONAI has added handlers of its own
    sources = ((train, "train"), (generated, None), (held_out, held_out_split))
    found = [film_paths(source, split) for source, split in sources]
    chosen = [found[0][0], found[1][0], one_film_a_patient(*found[2])]
    films = []
    with progress() as bar:
        for name, paths in zip(("train", "generated", "held-out"), chosen, strict=True):
            task = bar.add_task(f"{name} films", total=len(paths))
            films.append(read_films(paths, size_px, partial(bar.advance, task)))
    result = copy_test(films[0], films[1], films[2], space, at=at, plant=plant, seed=seed)
    told = {"embedding": embedding, "films": [len(part) for part in films], **result.as_dict()}
    with atomic_directory(out, force=force) as folder:
        write_json(folder / "copies.json", told)
        copies_page(result, films[1], films[0], embedding=embedding, pairs=pairs).write(folder / "copies.html")
    emit({"report": str(out / "copies.html"), **told}, as_json=json)
    if not result.passed:
        raise typer.Exit(1)


def _space(embedding: str, fusion: str | None, model: Path | None, size_px: int) -> tuple[Space, int]:
    """What distances are measured in, and the side that it wants films at."""
    from monai_app.generate.privacy.aligned import Aligned
    from monai_app.generate.privacy.spaces import Scaled, pixels

    if embedding in ("aligned", "pixels"):
        return (Aligned() if embedding == "aligned" else Scaled(pixels)), size_px
    from monai_app.engines.film_embedding import film_embedding

    own = fusion or ("densenet_narrow" if embedding == "cxr_classification" and model is None else None)
    embed = film_embedding(embedding, model_dir=model, system=own)
    return Scaled(embed), embed.size_px


@app.command()
@command
def membership(
    bundle: BundleArgument,
    cohort: CohortOption,
    fusion: FusionOption = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    split: Annotated[str, typer.Option(help="Split of the patients that were not trained on.")] = "held_out",
    out: Annotated[Path | None, typer.Option(help="File to write the result to, as JSON.")] = None,
    resamples: ResamplesOption = 1000,
    overlay: OverlayOption = None,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Can one tell from a model's loss who was trained on? AUROC with interval; .5 is no.

    Of a diffusion the loss is its denoising error at fixed times and noises; its overlays are named by --overlay.

    The cohort is the one that the model was trained on. Others at sites that training never saw are left out, since
    they could be told apart without any memory.
    """
    from monai_app.core.atomic import write_json
    from monai_app.engines.bundle import Workflow, find_bundle, workflows
    from monai_app.engines.generation.membership import diffusion_membership
    from monai_app.engines.membership import model_membership

    configure_logging()  # again: importing MONAI has added handlers of its own
    generative = Workflow.TRAIN_DIFFUSION in workflows(find_bundle(bundle))
    attack = (
        partial(diffusion_membership, overlays=overlay or ())
        if generative
        else partial(model_membership, system=fusion)
    )
    result = attack(
        bundle,
        cohort,
        model_dir=model,
        split=split,
        settings=parse_settings(settings),
        resamples=resamples,
        on_stage=lambda stage: stderr.print(f"{stage} ..."),
    )
    if out is not None:
        write_json(out, result)
    emit(result, as_json=json)


@app.command()
@command
def audit(
    cohort: CohortOption,
    out: Annotated[Path, typer.Option(help="File to write the result to, as JSON.")],
    epsilon: Annotated[float, typer.Option(help="Budget that the audited training claims.")] = 2.0,
    delta: DeltaOption = 1e-5,
    canaries: Annotated[int, typer.Option(help="Random films, each included with probability 1/2.", min=20)] = 500,
    films: Annotated[int, typer.Option(help="Train films beside them, the first ones.", min=0)] = 500,
    steps: Annotated[int, typer.Option(help="Of the optimiser.", min=1)] = 300,
    batch_size: Annotated[int, typer.Option(help="Patients a step, on average.", min=1)] = 75,
    seed: Annotated[int, typer.Option(help="Of everything.")] = 0,
    json: JsonOption = False,
) -> None:
    """Audit the private step in one run: what can be proved against epsilon must not exceed what is claimed.

    Trains a small film classifier twice, privately and without clipping and noise; in the second the audit must refute
    the claim, or it sees nothing (exit code 1, as when it refutes the first).
    """
    from monai_app.core.atomic import write_json
    from monai_app.generate.privacy.budget import Budget
    from monai_app.generate.privacy.film_audit import audit_training
    from monai_app.generate.privacy.small_films import canary_samples, film_samples

    configure_logging()  # again: importing MONAI has added handlers of its own
    budget = Budget(epsilon, delta).checked(films + canaries)
    stderr.print("reading films ...")
    patients, names = film_samples(cohort, "train", most=films)
    done = audit_training(
        patients,
        canary_samples(canaries, len(names), seed=seed),
        budget,
        steps=steps,
        batch_size=batch_size,
        learning_rate=5e-3,
        hidden=256,
        seed=seed,
        on_stage=lambda stage: stderr.print(f"{stage} ..."),
    )
    write_json(out, done.as_dict())
    emit({"report": str(out), **done.as_dict()}, as_json=json)
    if not (done.passed and done.sees_leaks):
        raise typer.Exit(1)


@app.command()
@command
def curve(
    cohort: CohortOption,
    out: Annotated[Path, typer.Option(help="File to write the result to, as JSON.")],
    epsilon: Annotated[list[float] | None, typer.Option(help="Budget; repeatable; inf has none.")] = None,
    delta: DeltaOption = 1e-5,
    epochs: Annotated[int, typer.Option(help="Times that a patient is seen on average.", min=1)] = 20,
    seeds: Annotated[int, typer.Option(help="Trainings a budget.", min=1)] = 3,
    records: Annotated[bool, typer.Option("--records/--films", help="Tables and series, or films.")] = False,
    task: Annotated[str | None, typer.Option(help="With --records: this task only.")] = None,
    resamples: ResamplesOption = 500,
    json: JsonOption = False,
) -> None:
    """What privacy costs in usefulness: a small classifier at several budgets, AUROC on held-out patients.

    The classifier reads fixed statistics of films, or fixed summaries of records, so that nothing but its own training
    touches patients.
    """
    from monai_app.core.atomic import write_json
    from monai_app.generate.privacy.curve import utility_curve
    from monai_app.generate.privacy.small_films import film_samples
    from monai_app.generate.privacy.small_records import record_samples

    configure_logging()  # again: importing MONAI has added handlers of its own
    stderr.print(f"reading {'records' if records else 'films'} ...")
    read = partial(record_samples, task=task) if records else film_samples
    (train, names), (held_out, _) = read(cohort, "train"), read(cohort, "held_out")
    rows = utility_curve(
        train,
        held_out,
        epsilon or [1.0, 3.0, 8.0, math.inf],
        delta=delta,
        epochs=epochs,
        seeds=seeds,
        resamples=resamples,
        on_stage=lambda stage: stderr.print(f"{stage} ..."),
    )
    read_as = "records" if records else "films"
    sizes = {f"train_{read_as}": len(train.features), f"held_out_{read_as}": len(held_out.features), "labels": names}
    told = {"format": "monai-app-privacy-curve-1", **sizes, "curve": rows}
    write_json(out, told)
    emit(told, as_json=json)
