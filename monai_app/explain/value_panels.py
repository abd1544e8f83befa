"""The time course and the patient data: the values that moved the score, with their units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from monai_app.core.page import Section
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.explanation import Explanation
from monai_app.explain.material import Material
from monai_app.explain.pictures import bars, course, strength
from monai_app.explain.wording import plain_name, plain_unit

SHOWN_CHANNELS = 8
SHOWN_VALUES = 8
SHOWN_FIELDS = 12

SMALLEST_SHARE = 0.02
"""A field that moved the score by less than this part of the strongest is not drawn."""


def add_series(section: Section, explanation: Explanation, made: AttributionMap, material: Material) -> None:
    """The channels with the most attribution as heat-lined courses, and the measurements that counted most."""
    spec = material.spec.modalities.series
    assert spec is not None, "the model reads series"
    grid = explanation.case.inputs["series"][0].cpu().numpy()
    hours = ((np.arange(spec.steps) - spec.steps + 1) * spec.step_hours).astype(np.float32)
    worth = np.abs(made.values).sum(axis=0)
    order = [int(place) for place in np.argsort(-worth, kind="stable") if worth[place] > 0]
    most = strength(made.values)
    section.text(
        "Dots were measured; the line between them is the last value carried forward, as the model saw it. The colour"
        f" of a step is how much the value at that step moved the score, compared with {made.baseline}; in brackets the"
        f" channel's sum in {explanation.target.unit}."
    )
    section.figures(
        [
            (
                course(
                    _named(spec.channels[place].name, spec.channels[place].unit),
                    hours,
                    grid[0, :, place],
                    grid[1, :, place] > 0,
                    made.values[:, place],
                    most,
                ),
                "",
            )
            for place in order[:SHOWN_CHANNELS]
        ]
    )
    rest = float(worth[order[SHOWN_CHANNELS:]].sum() / worth.sum()) if worth.sum() else 0.0
    unseen = int((~made.features.any(axis=0)).sum())
    section.text(
        f"{max(0, len(order) - SHOWN_CHANNELS)} further channels have {rest:.0%} of the attribution; {unseen} channels"
        " were never measured in this window."
    )
    section.heading("Measurements that counted most, with the hours for which they stood")
    section.table(
        [
            "measurement",
            "value",
            "measured (hours before)",
            "stood for",
            f"moved the score by ({explanation.target.unit})",
        ],
        measurements(made, grid, hours, [(c.name, c.unit) for c in spec.channels], spec.step_hours)[:SHOWN_VALUES],
    )


def measurements(
    made: AttributionMap, grid: Any, hours: Any, names: Sequence[tuple[str, str]], step_hours: float
) -> list[list[Any]]:
    """Rows of single measurements by absolute attribution, that of the steps they were carried to included."""
    rows = []
    for channel, (name, unit) in enumerate(names):
        known = np.flatnonzero(made.features[:, channel]).tolist()
        measured = [step for step in known if grid[1, step, channel] > 0]
        starts = sorted({*known[:1], *measured})  # what stands at first may have been carried in from before
        for start, stop in zip(starts, [*starts, made.values.shape[0]][1:], strict=True):
            value, worth = float(grid[0, start, channel]), float(made.values[start:stop, channel].sum())
            when = f"{abs(float(hours[start])):g}" if start in measured else "before the window"
            stood = f"{(stop - start) * step_hours:g} h"
            rows.append(
                (abs(worth), [plain_name(name), f"{value:.4g} {plain_unit(unit)}", when, stood, f"{worth:+.3f}"])
            )
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]


def add_table(section: Section, explanation: Explanation, made: AttributionMap, material: Material) -> None:
    """Fields by attribution, with the patient's values."""
    rows, unknown = field_rows(explanation, made, material)
    section.text(f"How much each known field moved the score, compared with {made.baseline}.")
    least = SMALLEST_SHARE * max((abs(worth) for _, worth in rows), default=0.0)
    shown = [row for row in rows if abs(row[1]) > least][:SHOWN_FIELDS]
    section.figure(bars([name for name, _ in shown], [worth for _, worth in shown], explanation.target.unit))
    if len(shown) < len(rows):
        section.text(f"Known fields that moved it by next to nothing: {len(rows) - len(shown)}.")
    if unknown:
        section.text(f"Unknown, so without attribution: {', '.join(unknown)}.")


def field_rows(
    explanation: Explanation, made: AttributionMap, material: Material
) -> tuple[list[tuple[str, float]], list[str]]:
    """Known fields with their values and attributions, the strongest first, and the names of unknown ones."""
    spec = material.spec.modalities.table
    assert spec is not None, "the model reads tables"
    values = explanation.case.inputs["table"][0, 0].cpu().numpy()
    rows, start, unknown = [], 0, []
    for field in spec.fields:
        stop = start + len(field.columns)
        told, worth = values[start:stop], float(made.values[start:stop].sum())
        name = plain_name(field.name)
        if not made.features[start:stop].any():
            unknown.append(name)
        elif field.kind == "numeric":
            rows.append((f"{name}: {float(told[0]):.4g} {plain_unit(field.unit)}".strip(), worth))
        else:
            chosen = [c for c, v in zip(field.categories, told, strict=True) if v > 0.5]
            rows.append((f"{name}: {', '.join(chosen) or 'none of them'}", worth))
        start = stop
    return sorted(rows, key=lambda row: -abs(row[1])), unknown


def _named(name: str, unit: str) -> str:
    return f"{plain_name(name)} [{plain_unit(unit)}]" if plain_unit(unit) else plain_name(name)
