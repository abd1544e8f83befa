"""The section of a survival task: Kaplan-Meier curves by risk group, and calibration at fixed times."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monai_app.core.page import Section
from monai_app.engines.measurement import Numbers
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.report.style import (
    SOFT,
    cell,
    label,
    legend,
    metric_name,
    note,
    panel,
    series_colour,
    with_interval,
)
from monai_app.engines.views import SurvivalView, survival_view
from monai_app.metrics.labels import Floats
from monai_app.metrics.survival import kaplan_meier, risk_score

_RISK_GROUPS = ("low risk", "middle risk", "high risk")
_CALIBRATION_GROUPS = 5


def survival_section(section: Section, test: TaskPredictions, tuning: TaskPredictions | None, numbers: Numbers) -> None:
    """Fill a section: metrics, Kaplan-Meier curves, calibration."""
    if not numbers["n"]:
        section.text("No sample is labelled for this task: nothing can be measured.")
        return
    view, unit = survival_view(test), test.spec.unit
    censored = 1 - numbers["events"] / numbers["n"]
    section.text(
        f"{numbers['n']:,} labelled samples, {numbers['events']:,} events, {censored:.0%} censored; times in {unit}."
    )
    metrics = numbers["metrics"]
    section.table([metric_name(name) for name in metrics], [[cell(value) for value in metrics.values()]])
    reference = view if tuning is None else survival_view(tuning)
    cuts = np.quantile(risk_score(reference.curve, reference.edges), [1 / 3, 2 / 3]) if reference.time.size else None
    if cuts is None:
        cuts = np.quantile(risk_score(view.curve, view.edges), [1 / 3, 2 / 3])
    origin = "the evaluated samples" if tuning is None or not reference.time.size else "tuning"
    section.figures(
        [
            (
                _curves_by_risk(view, cuts, unit, metrics),
                f"Kaplan–Meier with 95 % limits; groups are thirds of {origin}.",
            ),
            (_calibration(view, unit), f"{_CALIBRATION_GROUPS} groups of equal size; observed by Kaplan–Meier."),
        ]
    )


def _curves_by_risk(view: SurvivalView, cuts: NDArray[np.floating], unit: str, metrics: Numbers) -> Figure:
    figure, axes = panel(5.2, 3.9)
    group = np.digitize(risk_score(view.curve, view.edges), cuts)
    for index, name in enumerate(_RISK_GROUPS):
        chosen = group == index
        curve = kaplan_meier(view.time[chosen], view.event[chosen])
        if curve is None:
            continue
        colour = series_colour((0, 2, 1)[index])
        axes.step(
            curve.time, curve.survival, where="post", color=colour, linewidth=1.8, label=f"{name}, n = {chosen.sum():,}"
        )
        axes.fill_between(curve.time, curve.low, curve.high, step="post", color=colour, alpha=0.13, linewidth=0)
    axes.set(ylim=(0, 1.02), xlim=(0, float(np.clip(view.time.max(), view.edges[0], 1.25 * view.edges[-1]))))
    label(axes, x=f"Time ({unit})", y="Event-free", title="Survival by predicted risk")
    legend(axes, loc="upper left", bbox_to_anchor=(0, -0.14), ncols=3)
    note(axes, f"C-index {with_interval(metrics['concordance_index'])}, 95 % CI", corner="lower left")
    return figure


def _calibration(view: SurvivalView, unit: str) -> Figure:
    figure, axes = panel()
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    inside = np.flatnonzero(view.edges < view.time.max()) if view.time.size else np.zeros(0, int)
    places = np.linspace(0, max(inside.size - 1, 0), min(3, inside.size)).round().astype(int)
    for place, index in enumerate(inside[np.unique(places)]):
        predicted, observed = _grouped(view, int(index))
        axes.plot(
            predicted,
            observed,
            marker="o",
            markersize=4.5,
            linewidth=1.5,
            color=series_colour(place),
            label=f"at {view.edges[index]:g} {unit}",
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    label(axes, x="Predicted event-free", y="Observed event-free", title="Calibration")
    if inside.size:
        legend(axes, loc="upper left")
    note(axes, f"n = {view.time.size:,}, {int(view.event.sum()):,} events")
    return figure


def _grouped(view: SurvivalView, index: int) -> tuple[Floats, Floats]:
    """Mean predicted and Kaplan-Meier observed survival at an edge, by groups of the prediction."""
    survival = view.curve[:, index]
    groups = [part for part in np.array_split(np.argsort(survival, kind="stable"), _CALIBRATION_GROUPS) if part.size]
    predicted = [survival[part].mean() for part in groups]
    observed = []
    for part in groups:
        curve = kaplan_meier(view.time[part], view.event[part])
        at = 0 if curve is None else int(np.searchsorted(curve.time, view.edges[index], side="right")) - 1
        observed.append(1.0 if curve is None else float(curve.survival[at]))
    return np.array(predicted), np.array(observed)
