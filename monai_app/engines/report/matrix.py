"""Confusion matrices: counts, and shares of each true class as shades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from monai_app.engines.report.style import ACCENT, INK, label


def confusion_figure(counts: Sequence[Sequence[int]], names: Sequence[str], *, title: str) -> Figure:
    """A matrix (K, K), rows are labels and columns decisions; each cell shows its count and share of the row."""
    table = np.asarray(counts)
    total = table.sum(axis=1, keepdims=True)
    share = np.divide(table, total, out=np.zeros(table.shape), where=total > 0)
    side = max(3.0, 1.6 + 0.55 * len(names))
    figure = Figure(figsize=(side + 0.6, side))
    axes = figure.add_subplot()
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row in range(len(names)):
        for column in range(len(names)):
            strength = float(share[row, column])
            axes.add_patch(_square(row, column, strength))
            axes.text(
                column,
                row,
                f"{table[row, column]:,}\n{100 * strength:.0f} %",
                ha="center",
                va="center",
                fontsize=9 if len(names) <= 6 else 7,
                color="white" if strength > 0.55 else INK,
            )
    ticks = range(len(names))
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5), aspect="equal")
    axes.set_xticks(ticks, names, rotation=0 if len(names) <= 3 else 40, ha="center" if len(names) <= 3 else "right")
    axes.set_yticks(ticks, names)
    axes.tick_params(length=0, labelsize=8.5, colors=INK)
    label(axes, x=f"Decided (n = {int(table.sum()):,})", y="True", title=title)
    return figure


def _square(row: int, column: int, strength: float) -> Rectangle:
    accent = np.array(to_rgb(ACCENT))
    colour = tuple(1 - (1 - accent) * (0.06 + 0.94 * strength))
    return Rectangle((column - 0.49, row - 0.49), 0.98, 0.98, facecolor=colour, edgecolor="none")
