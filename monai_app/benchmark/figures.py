"""Plots of the fusion benchmark: severity curves, heat maps of drops and weights, error with and without rejection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from monai_app.benchmark.compare import clean, drops, over_tasks, spread
from monai_app.benchmark.conditions import Kind
from monai_app.benchmark.systems import SYSTEMS
from monai_app.engines.report.style import SOFT, label, legend, panel, quiet, series_colour

_MOST_LINES = 8


def severity_figure(results: pl.DataFrame, names: Sequence[str]) -> Figure:
    """AUROC against severity, a panel a modality, a line a system; ablations are left to the tables."""
    rows = over_tasks(results, "auroc")
    spoiled = rows.filter(pl.col("kind") == Kind.FAULT.value)
    modalities = spoiled["modality"].unique(maintain_order=True).to_list()
    shown = [name for name in names if not SYSTEMS[name].ablation and name in set(spoiled["system"])]
    figure = Figure(figsize=(3.4 * len(modalities) + 1.6, 3.4))
    untouched = dict(spread(clean(results, "auroc")).select("system", "mean").iter_rows())
    for place, modality in enumerate(modalities):
        axes = figure.add_subplot(1, len(modalities), place + 1)
        quiet(axes)
        for index, name in enumerate(shown):
            part = spoiled.filter((pl.col("modality") == modality) & (pl.col("system") == name))
            means = part.group_by("severity").agg(pl.col("value").mean()).sort("severity")
            x, y = [0, *means["severity"]], [untouched[name], *means["value"]]
            bold = name in ("draf", "early")
            colour = series_colour(index) if index < _MOST_LINES or bold else SOFT
            axes.plot(
                x,
                np.array(y, float),
                color=colour,
                linewidth=2.2 if bold else 1.0,
                alpha=1 if bold else 0.75,
                label=name,
            )
        label(axes, x="severity", y="AUROC" if place == 0 else "", title=modality)
    legend(figure.axes[-1], loc="center left", bbox_to_anchor=(1.02, 0.5))
    figure.tight_layout()
    return figure


def drop_heat_map(results: pl.DataFrame, names: Sequence[str]) -> Figure:
    """AUROC lost in percent, systems by faults, mean over severities and seeds."""
    lost = drops(results).with_columns((pl.col("modality") + " " + pl.col("fault")).alias("what"))
    columns = lost["what"].unique(maintain_order=True).to_list()
    shown = [name for name in names if name in set(lost["system"])]
    table = lost.group_by("system", "what").agg(pl.col("drop_percent").mean().alias("value"))
    values = {(system, what): value for system, what, value in table.iter_rows()}
    grid = np.array([[values.get((name, what), np.nan) for what in columns] for name in shown], float)
    return _heat_map(
        grid, shown, columns, limit=float(np.max(np.abs(grid), initial=5.0, where=np.isfinite(grid))), digits=1
    )


def weight_heat_map(results: pl.DataFrame, system: str) -> Figure:
    """Mean weight of the spoiled modality, faults by severity; severity 0 is clean."""
    own = results.filter((pl.col("system") == system) & (pl.col("metric") == "weight"))
    untouched = dict(
        own.filter(pl.col("kind") == Kind.CLEAN.value).group_by("label").agg(pl.col("value").mean()).iter_rows()
    )
    spoiled = own.filter((pl.col("kind") == Kind.FAULT.value) & (pl.col("modality") == pl.col("label")))
    severities = sorted(spoiled["severity"].unique())
    means = spoiled.group_by("modality", "fault", "severity", maintain_order=True).agg(pl.col("value").mean())
    values = {(modality, fault, severity): value for modality, fault, severity, value in means.iter_rows()}
    faults = list(dict.fromkeys((modality, fault) for modality, fault, _ in values))
    grid = np.array([[untouched[m], *(values[m, fault, s] for s in severities)] for m, fault in faults], float)
    shown = [f"{modality} {fault}" for modality, fault in faults]
    return _heat_map(grid, shown, ["clean", *map(str, severities)], limit=1.0, digits=2, width=0.62)


def _heat_map(
    grid: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, limit: float, digits: int, width: float = 0.55
) -> Figure:
    figure = Figure(figsize=(2.4 + width * len(columns), 1.5 + 0.3 * len(rows)))
    axes = figure.add_subplot()
    axes.imshow(grid, cmap="RdBu_r" if digits == 1 else "Blues", vmin=-limit if digits == 1 else 0, vmax=limit,
                aspect="auto")  # fmt: skip
    axes.set_xticks(range(len(columns)), columns, rotation=60 if digits == 1 else 0, fontsize=7.5,
                    ha="right" if digits == 1 else "center")  # fmt: skip
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    for (row, column), value in np.ndenumerate(grid):
        if np.isfinite(value):
            dark = abs(value) > 0.6 * limit
            axes.text(column, row, f"{value:.{digits}f}", ha="center", va="center", fontsize=7,
                      color="white" if dark else "black")  # fmt: skip
    figure.tight_layout()
    return figure


def kept_figure(results: pl.DataFrame, names: Sequence[str]) -> Figure:
    """Error rate of all samples and of those kept, a pair of points a system."""
    figure, axes = panel(width_in=7.2, height_in=0.9 + 0.28 * len(names))
    whole, kept = (
        dict(spread(clean(results, metric)).select("system", "mean").iter_rows()) for metric in ("error", "error_kept")
    )
    shown = [name for name in names if whole.get(name) is not None and kept.get(name) is not None]
    for place, name in enumerate(shown):
        axes.plot([whole[name], kept[name]], [place, place], color=SOFT, linewidth=1)
    axes.scatter([whole[name] for name in shown], range(len(shown)), color=series_colour(1), label="all", zorder=3)
    axes.scatter([kept[name] for name in shown], range(len(shown)), color=series_colour(0), label="kept 80 %", zorder=3)
    axes.set_yticks(range(len(shown)), shown)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    label(axes, x="error rate", y="")
    legend(axes, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    figure.tight_layout()
    return figure
