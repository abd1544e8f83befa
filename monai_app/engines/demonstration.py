"""The demonstration: a phantom cohort, fusion systems trained and evaluated on it, one page that compares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.core.page import Page
from monai_app.dicom.film import read_film
from monai_app.engines.bundle import train_and_evaluate
from monai_app.phantom.cohort import write_phantom

SYSTEMS = ("early", "attention", "haim")
"""A deterministic baseline, the default system, and boosted trees on embeddings and statistics."""

DEEP_SETTINGS: Mapping[str, Any] = {
    "max_epochs": 20,
    "batch_size": 16,
    "film_size_px": 64,
    "encoders::film": "resnet18",
    "encoders::series": "statistics",
    "warmup_epochs": 1,
    "average_decay": 0.95,
}
"""Small enough for minutes on two cores: films of 64 px, ResNet-18, twenty epochs."""

_FILMS_SHOWN = 6


@dataclass(frozen=True)
class Outcome:
    """A measure of a task as one system reached it.

    Attributes:
        best: what the simulator knows the best possible predictor reaches on the same patients and modalities.
    """

    task: str
    measure: str
    system: str
    value: float | None
    low: float | None
    high: float | None
    best: float | None


def demonstrate(
    out: str | Path, *, patients: int, seed: int, on_stage: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """Simulate, train, evaluate and compare; an interrupted demonstration goes on where it stopped.

    Args:
        out: folder for the cohort, a folder a system, and ``report.html``.
        on_stage: told in words what begins.

    Raises:
        InputRejected: ``OUTPUT_EXISTS`` when the folder holds another cohort.
    """
    folder = Path(out)
    on_stage(f"simulating {patients} patients")
    cohort = _phantom(folder / "cohort", patients=patients, seed=seed)
    best = read_json(folder / "cohort" / "bayes.json")["cohort"]["held_out"]
    outcomes: list[Outcome] = []
    for system in SYSTEMS:
        on_stage(f"training {system}")
        settings = {"cohort_dir": str(cohort.path), "output_dir": str(folder / system), "seed": seed}
        settings |= {"cache_dir": str(folder / "cache")}
        settings |= {} if system == "haim" else DEEP_SETTINGS
        metrics = train_and_evaluate("multimodal_diagnosis", system, settings)
        outcomes += system_outcomes(system, metrics, best)
    comparison_page(cohort, outcomes, patients=patients, seed=seed).write(folder / "report.html")
    return outcomes


def _phantom(path: Path, *, patients: int, seed: int) -> Cohort:
    if not path.exists():
        write_phantom(path, patients=patients, seed=seed)
    cohort = Cohort(path)
    if f"seed {seed}, {patients} patients" not in cohort.record.provenance.changes:
        raise InputRejected(
            "OUTPUT_EXISTS",
            "the output folder holds another demonstration",
            expected=f"a new folder, or one begun with {patients} patients and seed {seed}",
            remedy="Choose another --out.",
        )
    return cohort


def system_outcomes(system: str, metrics: Mapping[str, Any], best: Mapping[str, Any]) -> list[Outcome]:
    """The leading measure of every task: AUROC, c-index or R2, with the best possible one where it is known."""
    outcomes = []
    for task, numbers in metrics["tasks"].items():
        headline = numbers["headline"]
        measure = next(name for name in ("auroc", "concordance_index", "r2") if name in headline)
        estimate = headline[measure]
        optimum = _optimum(task, numbers, best)
        outcomes.append(Outcome(task, measure, system, estimate["value"], estimate["low"], estimate["high"], optimum))
    return outcomes


def _optimum(task: str, numbers: Mapping[str, Any], best: Mapping[str, Any]) -> float | None:
    """Bayes-optimal AUROC given the modalities present; the mean over classes for a multilabel task."""
    if task in best and "auroc_present_modalities" in best[task]:
        value = best[task]["auroc_present_modalities"]
        return None if value is None else float(value)
    classes = [best[name]["auroc_present_modalities"] for name in numbers.get("classes", {}) if name in best]
    defined = [float(value) for value in classes if value is not None]
    return sum(defined) / len(defined) if defined else None


def comparison_page(cohort: Cohort, outcomes: Sequence[Outcome], *, patients: int, seed: int) -> Page:
    """The page: what was done, films, one plot and table of all systems, links to each system's own report."""
    splits = cohort.splits()
    held_out = splits.filter(splits["split"] == "held_out").height
    page = Page(
        "Demonstration on simulated patients",
        f"{patients} patients were simulated (seed {seed}); {len(SYSTEMS)} fusion systems were trained on their films, "
        f"time series, tables and notes, and judged on the {held_out} patients held out, one whole site among them.",
        tiles=[("simulated patients", str(patients)), ("held out", str(held_out)), ("systems", str(len(SYSTEMS)))],
    )
    films = page.section("Films of held-out patients").text(
        "Each is projected from that patient's own simulated CT; portable AP films are of the sicker patients."
    )
    films.figure(film_figure(cohort), "Six films as the display defines them; markers are burned in as lead letters.")
    results = page.section("What each system reached").text(
        f"Held-out patients, n = {held_out}; bars are 95 % intervals of a bootstrap over patients. The line is the "
        "best that any predictor could reach from the modalities each patient has, which only a simulator can know."
    )
    results.figure(outcome_figure(outcomes), f"Leading measure of each task, n = {held_out}, 95 % intervals.")
    results.table(
        ["task", "measure", "system", "value", "95 % low", "95 % high", "best possible"],
        [[o.task, o.measure, o.system, o.value, o.low, o.high, o.best] for o in outcomes],
    )
    reports = page.section("Reports")
    for system in SYSTEMS:
        reports.link(f"{system}/evaluation/report.html", f"{system}: curves, calibration, subgroups, missing patterns")
    reports.text("A cohort this small shows how the parts work together, not which system is better.")
    return page


def film_figure(cohort: Cohort) -> Figure:
    """The first films of held-out patients, side by side."""
    rows = cohort.images().join(cohort.splits(), on="subject_id")
    rows = rows.filter((rows["split"] == "held_out") & rows["modality"].is_in(["CR", "DX"])).head(_FILMS_SHOWN)
    figure = Figure(figsize=(12, 2.6), dpi=110)
    for axes, row in zip(figure.subplots(1, _FILMS_SHOWN), rows.iter_rows(named=True), strict=False):
        film = read_film(cohort.image_path(row["path"]), longest_side_px=256)
        axes.imshow(film.pixels, cmap="gray", vmin=0, vmax=1)
        axes.set_title(row["view"], fontsize=9)
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


def outcome_figure(outcomes: Sequence[Outcome]) -> Figure:
    """One panel a task: every system with its interval, and the best possible value as a line."""
    tasks = list(dict.fromkeys((outcome.task, outcome.measure) for outcome in outcomes))
    figure = Figure(figsize=(2.1 * len(tasks) + 1.5, 3.2))
    for axes, (task, measure) in zip(figure.subplots(1, len(tasks), squeeze=False)[0], tasks, strict=True):
        shown = [outcome for outcome in outcomes if outcome.task == task]
        for place, outcome in enumerate(shown):
            if outcome.value is None:
                continue
            low, high = outcome.low or outcome.value, outcome.high or outcome.value
            spread = [[max(outcome.value - low, 0)], [max(high - outcome.value, 0)]]
            axes.errorbar(place, outcome.value, yerr=spread, fmt="o", color="#1f5fa8", capsize=3)
        if shown[0].best is not None:
            axes.axhline(shown[0].best, color="#a8321f", linewidth=1, linestyle="--")
        axes.set_xticks(range(len(shown)), [outcome.system for outcome in shown], rotation=35, fontsize=8)
        axes.set_xlim(-0.5, len(shown) - 0.5)
        axes.set_title(f"{task.replace('_', ' ')}\n{measure.replace('_', ' ')}", fontsize=9)
        axes.tick_params(axis="y", labelsize=8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.tight_layout()
    return figure
