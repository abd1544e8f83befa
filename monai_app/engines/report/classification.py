"""The section of a binary, multilabel or multiclass task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monai_app.cohort.spec import TaskKind
from monai_app.core.page import Section
from monai_app.engines.calibration_maps import Method
from monai_app.engines.measurement import Numbers
from monai_app.engines.posthoc import NONE
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.report.curves import (
    BAND_RESAMPLES,
    calibration_figure,
    calibration_grid,
    histogram_figure,
    precision_recall_figure,
    roc_figure,
    threshold_figure,
)
from monai_app.engines.report.forest import ForestRow, forest_figure
from monai_app.engines.report.matrix import confusion_figure
from monai_app.engines.report.style import cell, metric_name, readable
from monai_app.engines.views import ClassView, class_views
from monai_app.metrics.bootstrap import PatientBootstrap

_SHOWN = ("auroc", "auprc", "accuracy", "precision", "recall", "specificity", "f1", "brier", "nll", "ece")
_PER_CLASS = ("auroc", "auprc", "precision", "recall", "f1", "brier", "ece")
_MOST_SMALL_PLOTS = 12


def classification_section(
    section: Section,
    test: TaskPredictions,
    tuning: TaskPredictions | None,
    numbers: Numbers,
    bootstrap: PatientBootstrap,
) -> None:
    """Fill a section: tables, curves, calibration, confusion."""
    views = class_views(test, tuning)
    if not numbers["n"]:
        section.text("No sample is labelled for this task: nothing can be measured.")
        return
    if "calibration" in numbers:
        section.text(calibration_sentence(numbers["calibration"]))
    if len(views) == 1:
        _one_class(section, views[0], next(iter(numbers["classes"].values())), bootstrap)
    else:
        _many_classes(section, test, views, numbers, bootstrap)


def calibration_sentence(numbers: Numbers) -> str:
    """How the probabilities of a task were calibrated, from its ``calibration`` in metrics.json."""
    if numbers["method"] == NONE:
        return "Probabilities are as the model gives them: none were calibrated after training."
    value = numbers["temperature"]
    by = {
        Method.TEMPERATURE.value: "one temperature" if value is None else f"one temperature of {value:.3f}",
        Method.VECTOR.value: "a scale and a bias on the logit of each label",
        Method.ISOTONIC.value: "isotonic regression of each label",
    }[numbers["method"]]
    alone = ", ".join(map(readable, numbers["left_alone"]))
    rest = f" Left as they were, as tuning has one class only: {alone}." if alone else ""
    return f"Probabilities were calibrated by {by}, fitted on {numbers['tuning_samples']:,} tuning samples.{rest}"


def band_bootstrap(subject_id: Any, *, resamples: int, seed: int) -> PatientBootstrap:
    """The draws behind the shaded bands: no more than a picture needs."""
    return PatientBootstrap(subject_id, resamples=min(resamples, BAND_RESAMPLES), seed=seed)


def _one_class(section: Section, view: ClassView, numbers: Numbers, bootstrap: PatientBootstrap) -> None:
    threshold = numbers["threshold"]
    section.text(
        f"{view.label.size:,} labelled samples, {view.positives:,} positive (prevalence {view.prevalence:.1%}). "
        f"Decisions at a probability of {threshold['value']:.3f} ({threshold['origin']})."
    )
    metrics = numbers["metrics"]
    section.table(
        [metric_name(name) for name in _SHOWN],
        [[cell(metrics[name]) for name in _SHOWN]],
    )
    section.figures(
        [
            (roc_figure([view], [metrics], bootstrap), "Shaded: pointwise 95 % band over resampled patients."),
            (precision_recall_figure([view], [metrics], bootstrap), "Dashed: prevalence, what chance reaches."),
            (calibration_figure(view, metrics), "Ten bins of equal size; bars are 95 % Wilson intervals."),
            (histogram_figure(view), "Each label's scores sum to 100 %."),
            (threshold_figure(view), "Dashed: the threshold in use."),
            (
                confusion_figure(numbers["confusion"], ["negative", "positive"], title="Decisions"),
                f"At the threshold {threshold['value']:.3f}: {threshold['origin']}.",
            ),
        ]
    )


def _many_classes(
    section: Section, test: TaskPredictions, views: Sequence[ClassView], numbers: Numbers, bootstrap: PatientBootstrap
) -> None:
    multiclass = test.spec.kind is TaskKind.MULTICLASS
    metrics = [numbers["classes"][view.name]["metrics"] for view in views]
    decided = "the most probable class is decided" if multiclass else "each class has its own threshold"
    section.text(f"{numbers['n']:,} labelled samples, {len(views)} classes; {decided}.")
    section.heading("Averages over classes")
    section.table(["", *map(metric_name, _SHOWN)], _average_rows(numbers))
    if multiclass:
        overall = numbers["overall"]
        section.heading("The most probable class")
        section.table([metric_name(name) for name in overall], [[cell(value) for value in overall.values()]])
    forest = forest_figure(
        _ranked(views, metrics), x="AUROC of each class with 95 % CI", reference=_macro(numbers), width_in=2.7
    )
    section.figures(
        [
            (roc_figure(views, metrics, bootstrap), ""),
            (precision_recall_figure(views, metrics, bootstrap), ""),
            (forest, "Classes by AUROC with their positives; dashed: macro average."),
            *([_confusion(numbers, views)] if multiclass else []),
        ]
    )
    section.heading("Classes")
    header = ["Class", "n", "Positive", "Prevalence", *map(metric_name, _PER_CLASS)]
    section.table(header, [_class_row(view, numbers) for view in views])
    if not multiclass:
        section.heading("Decisions")
        section.table(
            ["Class", "Threshold", "Origin", "True positive", "False positive", "False negative", "True negative"],
            [_decision_row(view, numbers) for view in views],
        )
    shown = sorted(range(len(views)), key=lambda index: -views[index].positives)[:_MOST_SMALL_PLOTS]
    section.heading("Calibration")
    section.figure(
        calibration_grid([views[index] for index in shown], [metrics[index] for index in shown]),
        "Observed rate over predicted probability, ten bins of equal size"
        + (f"; the {_MOST_SMALL_PLOTS} classes with most positives." if len(views) > len(shown) else "."),
    )


def _average_rows(numbers: Numbers) -> list[list[Any]]:
    return [[name, *(cell(numbers[name][metric]) for metric in _SHOWN)] for name in ("macro", "micro")]


def _ranked(views: Sequence[ClassView], metrics: Sequence[Numbers]) -> list[ForestRow]:
    rows = [ForestRow(view.name, values["auroc"], view.positives) for view, values in zip(views, metrics, strict=True)]
    return sorted(rows, key=lambda row: -((row.estimate or {}).get("value") or 0.0))


def _macro(numbers: Numbers) -> float | None:
    value = numbers["macro"]["auroc"]["value"]
    return None if value is None else float(value)


def _confusion(numbers: Numbers, views: Sequence[ClassView]) -> tuple[Any, str]:
    names = [view.name for view in views]
    return confusion_figure(numbers["confusion"], names, title="Decisions"), "Shares are of each true class."


def _class_row(view: ClassView, numbers: Numbers) -> list[Any]:
    metrics = numbers["classes"][view.name]["metrics"]
    return [view.name, view.label.size, view.positives, view.prevalence, *(cell(metrics[name]) for name in _PER_CLASS)]


def _decision_row(view: ClassView, numbers: Numbers) -> list[Any]:
    values = numbers["classes"][view.name]
    (true_negative, false_positive), (false_negative, true_positive) = values["confusion"]
    threshold = values["threshold"]
    counts = [true_positive, false_positive, false_negative, true_negative]
    return [view.name, threshold["value"], threshold["origin"], *counts]
