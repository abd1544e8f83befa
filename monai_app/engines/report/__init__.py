"""The report of an evaluation: one HTML page from predictions and their measured numbers."""

from __future__ import annotations

from monai_app.cohort.spec import TaskKind
from monai_app.core.page import Page, Tile
from monai_app.engines.measurement import Numbers
from monai_app.engines.predictions import Predictions
from monai_app.engines.report.classification import band_bootstrap, classification_section
from monai_app.engines.report.parts import groups_section, modalities_section, novelty_sentence
from monai_app.engines.report.regression import regression_section
from monai_app.engines.report.selection import selection_part
from monai_app.engines.report.style import capital, metric_name, readable
from monai_app.engines.report.survival import survival_section
from monai_app.engines.views import is_classification

_MOST_TILES = 8


def build_page(test: Predictions, tuning: Predictions | None, results: Numbers) -> Page:
    """The page of an evaluation.

    Args:
        test: the evaluated predictions.
        tuning: those that thresholds were chosen on.
        results: the content of metrics.json, as :func:`monai_app.engines.evaluation.evaluate_predictions` makes it.
    """
    page = Page(title=results["title"], lead=_lead(results), tiles=_tiles(results))
    resamples = results["intervals"]["resamples"]
    bands = band_bootstrap(test.subject_id, resamples=resamples, seed=results["seed"])
    for name, task in test.tasks.items():
        numbers = results["tasks"][name]
        section = page.section(capital(readable(name)))
        if task.spec.description:
            section.text(capital(task.spec.description) + ".")
        chosen_on = None if tuning is None else tuning.tasks.get(name)
        if is_classification(task.spec):
            classification_section(section, task, chosen_on, numbers, bands)
            selection_part(
                section, task, chosen_on, numbers["selection"], results["abstention"], bands, novelty=results["novelty"]
            )
        elif task.spec.kind is TaskKind.REGRESSION:
            regression_section(section, task, numbers)
        else:
            survival_section(section, task, chosen_on, numbers)
    if results["novelty"]:
        page.section("Unfamiliar inputs").text(novelty_sentence(results["novelty"]))
    modalities_section(page.section("Missing modalities"), results)
    if results["by_group"]:
        groups_section(page.section("Subgroups"), results)
    _reading(page, results)
    return page


def _lead(results: Numbers) -> str:
    resamples = results["intervals"]["resamples"]
    chosen = (
        f"thresholds were chosen on {results['tuning_samples']:,} tuning samples"
        if results["tuning_samples"]
        else "thresholds are fixed, as no tuning predictions were given"
    )
    intervals = (
        f"95 % intervals come from {resamples:,} resamples of whole patients"
        if resamples
        else "no intervals were asked for"
    )
    return (
        f"{results['samples']:,} samples of {results['subjects']:,} patients that the model was not trained on; "
        f"{chosen}; {intervals}."
    )


def _tiles(results: Numbers) -> list[Tile]:
    tiles: list[Tile] = []
    ranked = [
        (place, name, metric, estimate)
        for name, task in results["tasks"].items()
        for place, (metric, estimate) in enumerate(task["headline"].items())
    ]
    if len(ranked) > _MOST_TILES:  # one a task before a second one of any task
        ranked.sort(key=lambda tile: tile[0])
    for _, name, metric, estimate in ranked[:_MOST_TILES]:
        value, low, high = estimate["value"], estimate["low"], estimate["high"]
        macro = "macro " if "macro" in results["tasks"][name] else ""
        shown = "–" if value is None else f"{value:.3f}"
        limits = "undefined" if value is None else "" if low is None else f"95 % CI {low:.3f} – {high:.3f}"
        tiles.append((f"{macro}{metric_name(metric)}, {readable(name)}", shown, limits))
    return tiles


def _reading(page: Page, results: Numbers) -> None:
    section = page.section("How to read this")
    section.text(
        "AUROC is the chance that a positive sample gets a higher score than a negative one; AUPRC is the average "
        "precision and must be compared with the prevalence. Brier score and NLL judge probabilities, ECE how far they "
        "are from observed rates (0 is perfect). A dash is undefined, such as AUROC where all labels agree."
    )
    section.text(
        "AURC is the error rate of the kept decisions, averaged over every coverage; E-AURC is its excess over an "
        "order that leaves out every wrong decision first (0 is perfect). Errors are rare where a class is rare, and "
        "its positive decisions may be the first to be abstained from."
    )
    section.text(
        "Intervals draw patients with replacement, each with all of their samples, and take the 2.5th and 97.5th "
        "percentile. They cover the choice of test patients, not that of training patients, seeds or hospitals."
    )
    if any(task["kind"] == TaskKind.SURVIVAL.value for task in results["tasks"].values()):
        section.text(
            "The C-index is the chance that of two patients the one with the earlier event has the higher risk; the "
            "integrated Brier score is weighted for censoring."
        )
