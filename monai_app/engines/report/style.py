"""How the plots of a report look: one palette, quiet axes, and the text that states n and the interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK, SOFT, LINE = "#17212b", "#5a6a7a", "#dde4ea"
ACCENT, WARM = "#1f5fa8", "#c8561b"
SERIES_COLOURS = ("#1f5fa8", "#c8561b", "#2e8b57", "#8e44ad", "#b8860b", "#008b9a", "#c2185b", "#6b7280")
"""Distinguishable for the common forms of colour blindness in this order; more series are drawn grey."""

Estimate = Mapping[str, float | None]

METRIC_NAMES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier score",
    "nll": "NLL",
    "ece": "ECE",
    "adaptive_ece": "Adaptive ECE",
    "mce": "MCE",
    "accuracy": "Accuracy",
    "aurc": "AURC",
    "e_aurc": "E-AURC",
    "error_rate": "Error rate",
    "error_rate_kept": "Error rate of the kept",
    "coverage": "Coverage",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "f1": "F1",
    "mae": "MAE",
    "mse": "MSE",
    "r2": "R²",
    "concordance_index": "C-index",
    "integrated_brier": "Integrated Brier",
}


def panel(width_in: float = 4.3, height_in: float = 3.7) -> tuple[Figure, Axes]:
    """A figure with one set of quiet axes."""
    figure = Figure(figsize=(width_in, height_in))
    axes = figure.add_subplot()
    quiet(axes)
    return figure, axes


def quiet(axes: Axes) -> None:
    """Thin grey frame, light grid, small text."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(SOFT)
        axes.spines[side].set_linewidth(0.8)
    axes.tick_params(labelsize=8.5, colors=SOFT, length=3)
    axes.grid(color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)


def label(axes: Axes, *, x: str, y: str, title: str = "") -> None:
    """Axis labels and a left-aligned title."""
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    if title:
        axes.set_title(title, fontsize=10, color=INK, loc="left", fontweight="bold")


def unit_square(axes: Axes) -> None:
    """Both axes from 0 to 1, with equal scale."""
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def note(axes: Axes, text: str, *, corner: str = "lower right") -> None:
    """A few lines of text in a corner of the axes."""
    right, top = "right" in corner, "upper" in corner
    axes.text(
        0.98 if right else 0.02,
        0.97 if top else 0.03,
        text,
        transform=axes.transAxes,
        ha="right" if right else "left",
        va="top" if top else "bottom",
        fontsize=8.5,
        color=INK,
        linespacing=1.4,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2},
    )


def with_interval(estimate: Estimate, *, digits: int = 3) -> str:
    """``0.872 (0.856-0.888)``, or ``undefined``."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None:
        return "undefined"
    if low is None or high is None:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def cell(estimate: Estimate | None) -> tuple[float | None, float | None, float | None]:
    """An estimate as a table cell of :meth:`monai_app.core.page.Section.table`."""
    if estimate is None:
        return None, None, None
    return estimate["value"], estimate["low"], estimate["high"]


def metric_name(name: str) -> str:
    """A metric's name as the field writes it."""
    return METRIC_NAMES.get(name, name)


def readable(name: str) -> str:
    """A field name as words."""
    return name.replace("_", " ")


def capital(text: str) -> str:
    """Text with a capital first letter; the rest stays."""
    return text[:1].upper() + text[1:]


def series_colour(index: int) -> str:
    """The colour of the i-th series."""
    return SERIES_COLOURS[index] if index < len(SERIES_COLOURS) else "#b6c0ca"


def legend(axes: Axes, **options: Any) -> None:
    """A frameless small legend."""
    axes.legend(fontsize=8, frameon=False, handlelength=1.4, labelcolor=INK, **options)
