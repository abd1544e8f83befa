"""The section of a regression task: predicted against true values, and what is left."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from monai_app.core.page import Section
from monai_app.engines.measurement import Numbers
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.report.style import ACCENT, SOFT, WARM, cell, label, metric_name, note, panel, with_interval
from monai_app.engines.views import ValueView, value_view

_MANY_SAMPLES = 1500
"""From here on a density is drawn in place of points."""


def regression_section(section: Section, test: TaskPredictions, numbers: Numbers) -> None:
    """Fill a section: metrics, scatter, residuals."""
    if not numbers["n"]:
        section.text("No sample is labelled for this task: nothing can be measured.")
        return
    view, unit, metrics = value_view(test), test.spec.unit, numbers["metrics"]
    low, middle, high = numbers["label_quartiles"]
    section.text(
        f"{numbers['n']:,} labelled samples; true values in {unit}: median {middle:.3g}, "
        f"quartiles {low:.3g} and {high:.3g}."
    )
    section.table([f"{metric_name(name)}" for name in metrics], [[cell(value) for value in metrics.values()]])
    section.figures(
        [
            (_scatter(view, unit, metrics), "Dashed: perfect prediction. Axes end at the 99th percentile."),
            (_residuals(view, unit), "Prediction minus truth."),
            (_residual_trend(view, unit), "Median and quartiles of the residual in ten bins of the prediction."),
        ]
    )


def _scatter(view: ValueView, unit: str, metrics: Numbers) -> Figure:
    figure, axes = panel()
    both = np.concatenate([view.label, view.value])
    low, high = np.quantile(both, [0.0, 0.99])
    span = (float(low), float(high) if high > low else float(low) + 1.0)
    if view.label.size > _MANY_SAMPLES:
        inside = (view.label <= span[1]) & (view.value <= span[1])
        extent = (*span, *span)
        axes.hexbin(
            view.label[inside],
            view.value[inside],
            gridsize=45,
            bins="log",
            cmap="Blues",
            extent=extent,
            mincnt=1,
            linewidths=0,
        )
    else:
        axes.scatter(view.label, view.value, s=10, color=ACCENT, alpha=0.45, linewidths=0)
    axes.plot(span, span, color=SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set(xlim=span, ylim=span, aspect="equal")
    label(axes, x=f"True ({unit})", y=f"Predicted ({unit})", title="Predicted against true")
    note(
        axes,
        f"MAE {with_interval(metrics['mae'], digits=2)}, 95 % CI\nR² {with_interval(metrics['r2'])}\n"
        f"n = {view.label.size:,}",
        corner="upper left",
    )
    return figure


def _residuals(view: ValueView, unit: str) -> Figure:
    figure, axes = panel()
    residual = view.value - view.label
    low, high = np.quantile(residual, [0.01, 0.99])
    axes.hist(np.clip(residual, low, high), bins=40, color=ACCENT, alpha=0.75)
    axes.axvline(0, color=SOFT, linewidth=0.9)
    axes.axvline(float(np.median(residual)), color=WARM, linewidth=1.2, linestyle=(0, (4, 3)))
    label(axes, x=f"Residual ({unit}), ends hold the outer 1 %", y="Samples", title="Residuals")
    note(
        axes,
        f"mean {residual.mean():.2f}\nmedian {np.median(residual):.2f}\nn = {residual.size:,}",
        corner="upper left",
    )
    return figure


def _residual_trend(view: ValueView, unit: str) -> Figure:
    figure, axes = panel()
    residual = view.value - view.label
    order = np.argsort(view.value, kind="stable")
    parts = [part for part in np.array_split(order, 10) if part.size]
    at = [float(view.value[part].mean()) for part in parts]
    quartiles = np.array([np.quantile(residual[part], [0.25, 0.5, 0.75]) for part in parts])
    axes.fill_between(at, quartiles[:, 0], quartiles[:, 2], color=ACCENT, alpha=0.15, linewidth=0)
    axes.plot(at, quartiles[:, 1], color=ACCENT, marker="o", markersize=4, linewidth=1.6)
    axes.axhline(0, color=SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    label(axes, x=f"Predicted ({unit})", y=f"Residual ({unit})", title="Residual over prediction")
    note(axes, f"n = {residual.size:,}", corner="upper right")
    return figure
