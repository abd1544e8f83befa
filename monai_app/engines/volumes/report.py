"""The report of a segmentation model: one HTML page from the table of cases and its summary."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from monai_app.core.page import Page, Section, Tile
from monai_app.engines.report.style import (
    ACCENT,
    INK,
    WARM,
    capital,
    cell,
    label,
    panel,
    quiet,
    readable,
    series_colour,
)

_MOST_CASES = 200
_NAMES = {"dice": "Dice", "assd_mm": "ASSD, mm", "hd95_mm": "HD95, mm"}


def build_page(table: pl.DataFrame, results: dict[str, Any]) -> Page:
    """The page.

    Args:
        table: of :func:`monai_app.engines.volumes.case_table.case_table`.
        results: the content of metrics.json.
    """
    page = Page(title=results["title"], lead=_lead(results), tiles=_tiles(results))
    _structures(page.section("Structures"), table, results)
    _volumes(page.section("Volumes"), table, results)
    if results["draws"]:
        _uncertainty(page.section("Uncertainty"), table, results)
    if results["unfamiliar"] is not None:
        text = f"{results['unfamiliar']} of {results['volumes']:,} volumes were called unfamiliar."
        page.section("Unfamiliar volumes").text(text)
    _cases(page.section("Cases"), table)
    page.section("How to read this").text(
        "Dice is the overlap 2|A and B| / (|A| + |B|). ASSD is the mean distance between the two surfaces, HD95 the "
        "95th percentile of those distances; both are undefined where a structure is missing on either side, and such "
        "misses are counted in the table. All is measured on the voxels of the file. Intervals draw patients with "
        "replacement; they do not cover the choice of training patients, seeds or hospitals."
    )
    return page


def _lead(results: dict[str, Any]) -> str:
    return (
        f"{results['volumes']:,} volumes that the model was not trained on; 95 % intervals come from "
        f"{results['intervals']['resamples']:,} resamples of patients."
    )


def _tiles(results: dict[str, Any]) -> list[Tile]:
    tiles: list[Tile] = []
    for name, estimate in results["mean"].items():
        value, low, high = cell(estimate)
        shown = "–" if value is None else f"{value:.3f}"
        limits = "" if low is None or high is None else f"95 % CI {low:.3f} – {high:.3f}"
        tiles.append((f"mean {_NAMES[name]}", shown, limits))
    return tiles


def _structures(section: Section, table: pl.DataFrame, results: dict[str, Any]) -> None:
    header = ["Structure", "n", "Missed", *_NAMES.values()]
    rows = [
        [capital(readable(name)), found["n"], found["missed"], *(cell(found[measure]) for measure in _NAMES)]
        for name, found in results["structures"].items()
    ]
    section.table(header, rows)
    section.figure(_dice_figure(table), "Every dot is a volume; the line is the median.")


def _dice_figure(table: pl.DataFrame) -> Figure:
    groups = [
        (name, rows["dice"].drop_nulls().to_numpy())
        for (name,), rows in table.group_by("structure", maintain_order=True)
    ]
    figure = Figure(figsize=(7.2, 0.9 + 0.4 * max(len(groups), 3)))
    axes = figure.add_subplot()
    quiet(axes)
    for place, (_, values) in enumerate(groups):
        # Spread evenly by rank, so that the picture is the same each time.
        offsets = ((np.argsort(np.argsort(values)) * 0.618) % 1 - 0.5) * 0.5
        axes.plot(values, place + offsets, "o", color=ACCENT, alpha=0.55, markersize=3.5, markeredgewidth=0)
        if values.size:
            axes.plot([np.median(values)] * 2, [place - 0.35, place + 0.35], color=INK, linewidth=1.4)
    axes.set_yticks(
        range(len(groups)), [f"{capital(readable(str(name)))}   n = {values.size}" for name, values in groups]
    )
    axes.set_ylim(len(groups) - 0.4, -0.6)
    label(axes, x="Dice", y="")
    return figure


def _volumes(section: Section, table: pl.DataFrame, results: dict[str, Any]) -> None:
    header = ["Structure", "Bias, mL", "Mean absolute error, mL"]
    rows = [
        [capital(readable(name)), found["volume_bias_ml"], found["volume_mae_ml"]]
        for name, found in results["structures"].items()
    ]
    figures = []
    for place, ((name,), found) in enumerate(table.group_by("structure", maintain_order=True)):
        figure, axes = panel(3.2, 3.0)
        truth, told = found["reference_ml"].to_numpy(), found["volume_ml"].to_numpy()
        most = float(max(truth.max(), told.max(), 1e-3)) * 1.05
        axes.plot([0, most], [0, most], color=INK, linewidth=0.8)
        axes.plot(truth, told, "o", color=series_colour(place), alpha=0.7, markersize=4, markeredgewidth=0)
        label(axes, x="Reference, mL", y="Model, mL", title=capital(readable(str(name))))
        figures.append((figure, ""))
    section.table(header, rows).figures(figures)


def _uncertainty(section: Section, table: pl.DataFrame, results: dict[str, Any]) -> None:
    section.text(
        f"Each volume was segmented {results['draws']} more times with noise, gamma and flips. Entropy is that of the "
        "mean probability within the structure; it should fall as Dice rises (rank correlation below zero)."
    )
    rows = [
        [
            capital(readable(name)),
            found["entropy_dice_correlation"],
            _median(table, name, "entropy"),
            _relative(table, name),
        ]
        for name, found in results["structures"].items()
    ]
    section.table(["Structure", "Rank correlation with Dice", "Median entropy", "Median volume spread, share"], rows)
    figure, axes = panel(5.0, 3.2)
    known = table.select("entropy", "dice").drop_nulls()
    axes.plot(
        known["entropy"].to_numpy(),
        known["dice"].to_numpy(),
        "o",
        color=WARM,
        alpha=0.6,
        markersize=4,
        markeredgewidth=0,
    )
    label(axes, x="Entropy, nats", y="Dice")
    section.figure(figure)


def _median(table: pl.DataFrame, structure: str, column: str) -> float | None:
    value = table.filter(pl.col("structure") == structure)[column].drop_nulls().median()
    return None if value is None else float(value)  # type: ignore[arg-type]


def _relative(table: pl.DataFrame, structure: str) -> float | None:
    rows = table.filter((pl.col("structure") == structure) & (pl.col("volume_ml") > 0))
    value = (rows["volume_sd_ml"] / rows["volume_ml"]).drop_nulls().median()
    return None if value is None else float(value)  # type: ignore[arg-type]


def _cases(section: Section, table: pl.DataFrame) -> None:
    worst = table.sort("dice", nulls_last=True).head(_MOST_CASES)
    section.text("Worst first; cases.csv beside this page has them all.")
    columns = [
        "case",
        "structure",
        "dice",
        "assd_mm",
        "hd95_mm",
        "volume_ml",
        "reference_ml",
        "volume_sd_ml",
        "entropy",
    ]
    section.table([capital(readable(name)) for name in columns], worst.select(columns).rows())
