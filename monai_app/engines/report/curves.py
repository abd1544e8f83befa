"""ROC, precision-recall and calibration curves and score histograms; each states its n and its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binomtest

from monai_app.engines.measurement import Numbers
from monai_app.engines.report.style import (
    ACCENT,
    SOFT,
    WARM,
    label,
    legend,
    note,
    panel,
    quiet,
    series_colour,
    unit_square,
    with_interval,
)
from monai_app.engines.views import ClassView
from monai_app.metrics.bands import Band, precision_recall_band, roc_band
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.calibration import Binning, reliability_curve
from monai_app.metrics.classification import precision_recall_by_threshold, precision_recall_curve, roc_curve
from monai_app.metrics.labels import both_classes

BAND_RESAMPLES = 300
"""Resamples behind the shaded bands, enough for a picture."""

_UNDEFINED = "undefined: labels of one class only"


def roc_figure(views: Sequence[ClassView], metrics: Sequence[Numbers], bootstrap: PatientBootstrap) -> Figure:
    """ROC curves of all classes; a single class has a shaded band."""
    figure, axes = panel()
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    unit_square(axes)
    label(axes, x="1 − specificity", y="Sensitivity", title="ROC")
    if len(views) == 1:
        _fill(axes, roc_band(views[0].label, views[0].score, rows=views[0].rows, bootstrap=bootstrap))
    for index, view in enumerate(views):
        curve = roc_curve(view.label, view.score)
        if curve is not None:
            axes.plot(*curve, color=series_colour(index), linewidth=1.8, label=_name(view, metrics[index]["auroc"]))
    _state(axes, views, "AUROC", [values["auroc"] for values in metrics], corner="lower right")
    return figure


def precision_recall_figure(
    views: Sequence[ClassView], metrics: Sequence[Numbers], bootstrap: PatientBootstrap
) -> Figure:
    """Precision-recall curves of all classes; a single class has a shaded band and a line at its prevalence."""
    figure, axes = panel()
    unit_square(axes)
    label(axes, x="Recall (sensitivity)", y="Precision", title="Precision–recall")
    if len(views) == 1 and views[0].prevalence is not None:
        axes.axhline(views[0].prevalence, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
        _fill(axes, precision_recall_band(views[0].label, views[0].score, rows=views[0].rows, bootstrap=bootstrap))
    for index, view in enumerate(views):
        curve = precision_recall_curve(view.label, view.score)
        if curve is not None:
            axes.step(
                *curve,
                where="post",
                color=series_colour(index),
                linewidth=1.8,
                label=_name(view, metrics[index]["auprc"]),
            )
    _state(axes, views, "AUPRC", [values["auprc"] for values in metrics], corner="upper right")
    return figure


def calibration_figure(view: ClassView, metrics: Numbers, *, title: str = "Calibration") -> Figure:
    """Observed rate over predicted probability in ten bins of equal mass, with 95 % Wilson intervals."""
    figure, axes = panel()
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    label(axes, x="Predicted probability", y="Observed rate", title=title)
    curve = reliability_curve(view.label, view.score, binning=Binning.MASS)
    positives = np.rint(curve.observed * curve.count).astype(int)
    limits = [
        binomtest(int(k), int(n)).proportion_ci(method="wilson") for k, n in zip(positives, curve.count, strict=True)
    ]
    low = curve.observed - np.array([interval.low for interval in limits])
    high = np.array([interval.high for interval in limits]) - curve.observed
    spread = np.maximum(np.stack([low, high]), 0) if limits else np.zeros((2, 0))
    axes.errorbar(
        curve.probability,
        curve.observed,
        yerr=spread,
        color=ACCENT,
        linewidth=1.6,
        marker="o",
        markersize=4.5,
        elinewidth=1,
        capsize=2,
    )
    top = min(1.0, max([0.05, *(curve.observed + spread[1]), *curve.probability]) * 1.08)
    axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    note(
        axes,
        f"ECE {with_interval(metrics['ece'])}\nBrier {with_interval(metrics['brier'])}\n{_count(view)}",
        corner="upper left",
    )
    return figure


def histogram_figure(view: ClassView) -> Figure:
    """Distribution of the scores of positives and of negatives, and the threshold."""
    figure, axes = panel()
    label(axes, x="Predicted probability", y="Share of the class (%)", title="Scores by label")
    bins = np.linspace(0, max(1e-3, float(view.score.max(initial=0.0))), 31)
    for value, colour, name in ((0, ACCENT, "negative"), (1, WARM, "positive")):
        chosen = view.score[view.label == value]
        if chosen.size:
            axes.hist(
                chosen,
                bins=bins.tolist(),
                weights=np.full(chosen.size, 100 / chosen.size),
                color=colour,
                alpha=0.55,
                label=f"{name}, n = {chosen.size:,}",
            )
    if view.threshold is not None:
        axes.axvline(view.threshold.value, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(
            f" threshold {view.threshold.value:.3f}",
            (view.threshold.value, 0.78),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            color=SOFT,
        )
    if view.label.size:
        legend(axes, loc="upper right")
    return figure


def threshold_figure(view: ClassView) -> Figure:
    """Precision, recall and F1 over the threshold, and the chosen one."""
    figure, axes = panel()
    label(axes, x="Threshold", y="Precision, recall, F1")
    if both_classes(view.label):
        precision, recall, at = precision_recall_by_threshold(view.label, view.score)
        total = precision + recall
        f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
        for index, (name, values) in enumerate({"precision": precision, "recall": recall, "F1": f1}.items()):
            axes.plot(at, values, color=series_colour(index), linewidth=1.6, label=name)
        legend(axes, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)
    if view.threshold is not None:
        axes.axvline(view.threshold.value, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axes.set(ylim=(-0.01, 1.01), xlim=(0, max(1e-3, float(view.score.max(initial=0.0)))))
    note(axes, _count(view), corner="lower right")
    return figure


def calibration_grid(views: Sequence[ClassView], metrics: Sequence[Numbers], *, columns: int = 4) -> Figure:
    """Small calibration plots, one a class, each with its n and ECE."""
    rows = -(-len(views) // columns)
    figure = Figure(figsize=(2.75 * columns, 2.75 * rows), layout="constrained")
    for index, (view, values) in enumerate(zip(views, metrics, strict=True)):
        axes = figure.add_subplot(rows, columns, index + 1)
        quiet(axes)
        curve = reliability_curve(view.label, view.score, binning=Binning.MASS)
        top = min(1.0, max([0.05, *curve.observed, *curve.probability]) * 1.1)
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.plot(curve.probability, curve.observed, color=ACCENT, marker="o", markersize=3.5, linewidth=1.4)
        axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
        axes.set_title(view.name, fontsize=9, loc="left")
        axes.text(
            0.03,
            0.97,
            f"ECE {with_interval(values['ece'])}\n{_count(view)}",
            transform=axes.transAxes,
            fontsize=7,
            va="top",
        )
    return figure


def _fill(axes: Axes, band: Band | None) -> None:
    if band is not None:
        axes.fill_between(band.at, band.low, band.high, color=ACCENT, alpha=0.15, linewidth=0)


def _name(view: ClassView, estimate: Numbers) -> str:
    return f"{view.name}  {with_interval(estimate)}, n = {view.label.size:,}"


def _count(view: ClassView) -> str:
    return f"n = {view.label.size:,}, {view.positives:,} positive"


def _state(axes: Axes, views: Sequence[ClassView], name: str, estimates: Sequence[Numbers], *, corner: str) -> None:
    """The statement of n and interval: a note for one class, a legend for some, a reference to the table for many."""
    if len(views) == 1:
        value = _UNDEFINED if estimates[0]["value"] is None else f"{name} {with_interval(estimates[0])}, 95 % CI"
        note(axes, f"{value}\n{_count(views[0])}", corner=corner)
    elif len(views) <= 8 and axes.get_legend_handles_labels()[0]:
        legend(axes, loc="upper left", bbox_to_anchor=(0, -0.16), title=f"{name} with 95 % CI", title_fontsize=8)
    else:
        total = len(set().union(*(view.rows.tolist() for view in views)))
        note(axes, f"{len(views)} classes, n = {total:,}\n{name} and 95 % CI of each: below", corner=corner)
