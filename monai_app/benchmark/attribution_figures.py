"""Plots of the attribution benchmark: shares found against true ones, and hit rates beside chance and the centre."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from monai_app.engines.report.style import INK, SOFT, label, legend, panel, quiet, series_colour

COLUMNS = 5
GOAL = 0.8


def share_figure(shares: pl.DataFrame, models: Sequence[str], statistic: str) -> Figure:
    """Share of each label's log odds that a modality carries, true against found: a panel a model."""
    rows = math.ceil(len(models) / COLUMNS)
    figure = Figure(figsize=(2.5 * min(COLUMNS, len(models)) + 1.4, 2.5 * rows))
    modalities = shares["modality"].unique(maintain_order=True).to_list()
    for place, model in enumerate(models):
        axes = figure.add_subplot(rows, min(COLUMNS, len(models)), place + 1)
        quiet(axes)
        own = shares.filter((pl.col("model") == model) & (pl.col("statistic") == statistic))
        for index, modality in enumerate(modalities):
            part = own.filter(pl.col("modality") == modality)
            axes.scatter(part["truth"], part["value"], s=16, color=series_colour(index), label=modality, alpha=0.85)
        top = max(0.7, float(own["value"].max() or 0))  # type: ignore[arg-type]
        axes.plot([0, 0.7], [0, 0.7], color=SOFT, linewidth=0.7, linestyle=":")
        axes.set(xlim=(-0.03, 0.7), ylim=(-0.03, top + 0.03))
        label(axes, x="true share", y="found" if place % COLUMNS == 0 else "", title=model)
    legend(figure.axes[0], loc="upper left", bbox_to_anchor=(0, -0.28 if rows == 1 else 1.55), ncols=len(modalities))
    figure.tight_layout()
    return figure


def hit_figure(rows: pl.DataFrame, title: str, *, what: str = "hit rate", goal: float | None = GOAL) -> Figure:
    """A score of each method with its interval, beside what chance and the centre of the film reach."""
    named = [f"{row['method'].replace('_', ' ')}, {row['baseline']}" for row in rows.iter_rows(named=True)]
    named = [name.removesuffix(", its own") for name in named]
    figure, axes = panel(width_in=5.6, height_in=0.9 + 0.3 * len(named))
    places = np.arange(len(named))
    value, low, high = (rows[name].cast(pl.Float64).to_numpy() for name in ("value", "low", "high"))
    axes.errorbar(
        value,
        places,
        xerr=np.nan_to_num(np.abs([value - low, high - value])),
        fmt="o",
        color=series_colour(0),
        label="method",
        capsize=2,
        linewidth=1,
    )
    axes.scatter(rows["chance"].to_numpy(), places, marker="|", s=90, color=SOFT, label="chance", zorder=3)
    axes.scatter(rows["centre"].to_numpy(), places, marker="x", s=24, color=series_colour(1), label="film's centre")
    if goal is not None:
        axes.axvline(goal, color=INK, linewidth=0.7, linestyle=":")
    axes.set_yticks(places, named)
    axes.set(ylim=(len(named) - 0.5, -0.5), xlim=(-0.02, 1.02))
    label(axes, x=f"{what} (95 % interval{'' if goal is None else '; dotted: goal'})", y="", title=title)
    legend(axes, loc="center left", bbox_to_anchor=(1.02, 0.5))
    figure.tight_layout()
    return figure
