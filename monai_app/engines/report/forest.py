"""Forest plots: values with their 95 % intervals, one line a class or subgroup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from monai_app.engines.report.style import ACCENT, INK, SOFT, Estimate, label, quiet


@dataclass(frozen=True)
class ForestRow:
    """A line of a forest plot; without an estimate it is a heading."""

    name: str
    estimate: Estimate | None = None
    n: int | None = None


def forest_figure(
    rows: Sequence[ForestRow], *, x: str, reference: float | None = None, width_in: float = 3.6
) -> Figure:
    """Points with intervals, n written beside each name, and a line at the reference value (the overall one)."""
    figure = Figure(figsize=(width_in, 0.6 + 0.32 * max(len(rows), 5)))
    axes = figure.add_subplot()
    quiet(axes)
    axes.grid(visible=False, axis="y")
    if reference is not None:
        axes.axvline(reference, color=SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    for place, row in enumerate(rows):
        estimate = row.estimate
        if estimate is None or estimate["value"] is None:
            continue
        value, low, high = estimate["value"], estimate["low"], estimate["high"]
        if low is not None and high is not None:
            axes.plot([low, high], [place, place], color=ACCENT, linewidth=1.6, solid_capstyle="butt")
        axes.plot(value, place, marker="s", color=ACCENT, markersize=5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [_line(row) for row in rows])
    for text, row in zip(axes.get_yticklabels(), rows, strict=True):
        text.set_color(INK)
        text.set_fontweight("normal" if row.n is not None else "bold")
    axes.tick_params(axis="y", length=0)
    label(axes, x=x, y="")
    return figure


def _line(row: ForestRow) -> str:
    if row.n is None:
        return row.name
    unscored = row.estimate is None or row.estimate["value"] is None
    return f"{row.name}   n = {row.n:,}" + ("   not scored" if unscored else "")
