"""Figures of a cohort report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from monai_app.cohort.check.counts import LabelCount
from monai_app.cohort.check.presence import Floats
from monai_app.cohort.content_rules import SPLITS

INK, SOFT, LINE, WASH = "#1d2733", "#5b6b7c", "#dfe5ec", "#eef2f6"
SPLIT_COLOURS = {"train": "#1f5fa8", "tuning": "#e08e2b", "held_out": "#3a8f68"}
_WIDTH = 9.4


def _axes(height: float, *, width: float = _WIDTH) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(colors=SOFT, labelsize=9, length=0)
    return figure, axes


def _split_legend(axes: Axes) -> None:
    """The colours of the splits, above the axes on the right."""
    handles = [Patch(color=SPLIT_COLOURS[split], alpha=0.85, label=split.replace("_", " ")) for split in SPLITS]
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1, 1.01),
        ncols=3,
        frameon=False,
        fontsize=9,
        borderaxespad=0,
        handlelength=1.2,
    )


def prevalence_plot(counts: Sequence[LabelCount], *, title: str = "") -> Figure:
    """Rate of each label by split as bars with Wilson 95 % intervals; positive / n beside each."""
    labels = list(dict.fromkeys(count.label for count in counts))
    figure, axes = _axes(0.55 + 0.66 * len(labels))
    height = 0.26
    for count in counts:
        if count.rate is None or count.low is None or count.high is None:
            continue
        y = labels.index(count.label) + (SPLITS.index(count.split) - 1) * height
        axes.barh(y, count.rate, height * 0.86, color=SPLIT_COLOURS[count.split], alpha=0.85)
        axes.plot([count.low, count.high], [y, y], color=INK, linewidth=1.1, solid_capstyle="butt")
        text = f"{100 * count.rate:.1f} %   {count.positive:,} / {count.n:,}"
        axes.annotate(text, (count.high, y), (5, 0), textcoords="offset points", va="center", fontsize=8, color=SOFT)
    axes.set_yticks(range(len(labels)), [label.replace("_", " ") for label in labels], color=INK)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    highest = max((count.high for count in counts if count.high is not None), default=1.0)
    axes.set_xlim(0, highest * 1.25 + 0.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %" if value <= 1 else "")
    axes.xaxis.grid(True, color=WASH)
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
    _split_legend(axes)
    return figure


def overlap_plot(overlap: pl.DataFrame, modalities: Sequence[str], *, limit: int = 16) -> Figure:
    """Combinations of modalities as columns: samples above, which modalities below (UpSet, Lex et al. 2014)."""
    shown = overlap.head(limit)
    columns = shown.height
    figure = Figure(figsize=(max(4.6, min(_WIDTH, 2.4 + 0.95 * columns)), 2.5 + 0.36 * len(modalities)))
    grid = figure.add_gridspec(2, 1, height_ratios=(2.3, 0.36 * len(modalities)), hspace=0.06)
    bars, dots = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    base = np.zeros(columns)
    for split in SPLITS:
        values = shown[split].to_numpy()
        bars.bar(range(columns), values, 0.56, base, color=SPLIT_COLOURS[split], alpha=0.85)
        base = base + values
    for column, (samples, share) in enumerate(shown.select("samples", "share").iter_rows()):
        bars.annotate(
            f"{samples:,}\n{100 * share:.1f} %",
            (column, samples),
            (0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=INK,
        )
    bars.set_ylim(0, base.max() * 1.22 if columns else 1)
    _split_legend(bars)
    for position, name in enumerate(modalities):
        there = shown[name].to_numpy()
        dots.axhspan(position - 0.5, position + 0.5, color=WASH if position % 2 == 0 else "white", zorder=0)
        dots.scatter(
            range(columns), [position] * columns, 90, ["#1d2733" if here else "#d5dce4" for here in there], zorder=3
        )
    for column in range(columns):
        rows = [position for position, name in enumerate(modalities) if shown[name][column]]
        if len(rows) > 1:
            dots.plot([column, column], [rows[0], rows[-1]], color=INK, linewidth=2.4, zorder=2)
    _bare(bars, dots, columns, modalities)
    return figure


def _bare(bars: Axes, dots: Axes, columns: int, modalities: Sequence[str]) -> None:
    for axes in (bars, dots):
        axes.set_xlim(-0.6, columns - 0.4)
        axes.set_xticks([])
        axes.tick_params(length=0, colors=SOFT, labelsize=9)
        axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    bars.set_ylabel("samples", color=SOFT, fontsize=9)
    bars.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    bars.yaxis.grid(True, color=WASH)
    bars.set_axisbelow(True)
    dots.set_ylim(len(modalities) - 0.5, -0.5)
    dots.set_yticks(range(len(modalities)), list(modalities), color=INK, fontsize=10)


def rhythm_plot(series_rate: Floats, *, hours: float) -> Figure:
    """Mean number of channels with a value, per sample and step, over the hours before the prediction time."""
    steps = series_rate.shape[0]
    figure, axes = _axes(2.5)
    edges = np.linspace(-hours, 0, steps + 1)
    axes.stairs(series_rate.sum(axis=1), edges, fill=True, color=SPLIT_COLOURS["train"], alpha=0.85)
    axes.set_xlim(-hours, 0)
    axes.set_xlabel("hours before the prediction time", color=SOFT, fontsize=9)
    axes.set_ylabel("channels with a value", color=SOFT, fontsize=9)
    axes.yaxis.grid(True, color=WASH)
    axes.set_axisbelow(True)
    return figure


def coverage_plot(names: Sequence[str], ever: Floats, per_step: Floats | None = None) -> Figure:
    """Share of samples in which each channel or field is known; a darker bar for the mean share of steps."""
    order = np.argsort(-ever, kind="stable")
    figure, axes = _axes(0.55 + 0.205 * len(names))
    y = np.arange(len(names))
    axes.barh(y, np.ones(len(names)), 0.72, color=WASH)
    axes.barh(y, ever[order], 0.72, color="#9dbde0", label="known at least once")
    if per_step is not None:
        axes.barh(y, per_step[order], 0.72, color=SPLIT_COLOURS["train"], label="of all steps")
    for row, index in enumerate(order):
        text = f"{100 * ever[index]:.1f} %"
        if per_step is not None:
            text += f"   ({100 * per_step[index]:.1f} %)"
        axes.annotate(text, (1, row), (5, 0), textcoords="offset points", va="center", fontsize=8, color=SOFT)
    axes.set_yticks(y, [names[index].replace("_", " ") for index in order], color=INK, fontsize=8.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100 % of samples"])
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure
