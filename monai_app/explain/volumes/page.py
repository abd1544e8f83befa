"""The page of one volume: three planes through what moved the model, and whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monai_app.core.page import Page, Section
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.believability import Believability
from monai_app.explain.check_list import add_checks
from monai_app.explain.pictures import strength
from monai_app.explain.sentences import Check, checks, compared_with, legend, refusal
from monai_app.explain.volumes.explanation import VolumeExplanation
from monai_app.explain.volumes.material import VolumeMaterial
from monai_app.explain.volumes.own_grid import (
    mask_on_own_grid,
    on_own_grid,
    peak_of,
    smoothed,
    voxel_at,
)
from monai_app.explain.volumes.panel import Outlines, add_planes
from monai_app.explain.volumes.seen import Bools
from monai_app.explain.volumes.structure import ScoredOver
from monai_app.explain.volumes.whereabouts import whereabouts
from monai_app.explain.wording import in_words, label_of, plain_name, quantity, told


def volume_page(explanation: VolumeExplanation, scores: Mapping[str, Believability], material: VolumeMaterial) -> Page:
    """The whole page."""
    target = explanation.target
    label, shown = label_of(target), told(target, target.shown(explanation.score))
    rows = {name: checks(target, explanation.maps[name], found) for name, found in scores.items()}
    known = [passed for found in rows.values() for _, _, passed in found if passed is not None]
    page = Page(
        f"What moved the model: {label}",
        f"{_lead(explanation, label, shown)} Orange speaks for it, purple against it. A map shows what moved the model,"
        " not what is wrong with the patient: compare it with what you see, and distrust the model where the two"
        " disagree.",
        tiles=[
            (quantity(target), shown, _tile_note(explanation)),
            _strongest_tile(explanation),
            ("checks passed", f"{sum(known)} of {len(known)}", "see below"),
        ],
    )
    _add_summary(page.section("In short"), explanation, rows)
    for name, made in explanation.maps.items():
        _add_map(page.section(plain_name(name)), explanation, made, name, material)
    add_checks(page.section("Can this map be believed?"), {plain_name(name): found for name, found in rows.items()})
    _add_making(page.section("How this was made"), explanation, material)
    return page


def _lead(explanation: VolumeExplanation, label: str, shown: str) -> str:
    structure = explanation.structure
    if structure is None:
        task = explanation.target.task
        what = f" ({task.description})" if task.description else ""
        return f"The {quantity(explanation.target)} of {label}{what} is {shown} for this volume."
    if structure.scored_over is ScoredOver.REFERENCE:
        return f"The model found no {label} here. Where the label map has it, its typical probability is {shown}."
    return (
        f"The model found {structure.millilitres:.1f} mL of {label}. The map shows why it called these voxels {label}:"
        f" their typical probability is {shown}."
    )


def _tile_note(explanation: VolumeExplanation) -> str:
    if explanation.structure is None:
        return "of the whole volume"
    return "typical of its voxels (from the mean log-odds)"


def _strongest_tile(explanation: VolumeExplanation) -> tuple[str, str, str]:
    """Of one sequence its strongest point; of several the one that counted most."""
    maps = explanation.maps
    if len(maps) == 1:
        peak = peak_of(smoothed(next(iter(maps.values())).values), explanation.seen)
        return "strongest point", peak.words, "patient coordinates, as viewers show them"
    name = max(maps, key=lambda one: abs(maps[one].change))
    return "what counted most", plain_name(name), f"moved the score by {maps[name].change:+.2f}"


def _add_summary(section: Section, explanation: VolumeExplanation, rows: Mapping[str, list[Check]]) -> None:
    label = label_of(explanation.target)
    for name, made in explanation.maps.items():
        several = f"{plain_name(name)}: " if len(rows) > 1 else ""
        for what, mask in _compared(explanation).items():
            found = whereabouts(made.values, mask, explanation.seen)
            if found is not None:
                section.text(several + found.sentence(what, label))
        for text in refusal("this map", rows.get(name, [])):
            section.text(several + text)
    for text in explanation.warnings:
        section.text(f"Note: {text}")


def _compared(explanation: VolumeExplanation) -> dict[str, Bools]:
    """What a map's place is told beside: what the model found, else the known regions."""
    structure = explanation.structure
    if structure is not None and structure.scored_over is ScoredOver.FOUND:
        return {f"the {plain_name(explanation.target.name)} that the model found": structure.over}
    return {f"the {plain_name(name)} of the label map": mask for name, mask in explanation.regions.items()}


def _add_map(
    section: Section, explanation: VolumeExplanation, made: AttributionMap, name: str, material: VolumeMaterial
) -> None:
    seen, image = explanation.seen, material.shown(name)
    smooth = smoothed(made.values)
    own = on_own_grid(smooth, seen, image.affine_ras, image.array.shape)
    outlines, peak = _outlines(explanation, material), peak_of(smooth, seen)
    at = voxel_at(peak.ras_mm, image.affine_ras, image.array.shape)
    sense = "for" if peak.value > 0 else "against"
    section.text(f"{legend(made, 'image')} Beyond what the model was given there is no colour either.")
    section.heading(f"Through the point that speaks most {sense} it: {peak.words}")
    caption = (
        f"Computed at {explanation.computed_at}; the method resolves {explanation.resolution}. Laid over the image and"
        " smoothed by one voxel for display. White ticks: where the other two planes cut."
    )
    most = strength(smooth)
    add_planes(section, image, own, most, at, outlines, modality=material.modality, caption=caption)
    middle = _middle(outlines, at)
    if middle is not None:
        section.heading("Through the middle of the structure")
        add_planes(section, image, own, most, middle, outlines, modality=material.modality, caption="")
    section.text(
        f"All of the image together moved the score by {made.change:+.2f} {explanation.target.unit}, compared with"
        f" {made.baseline}."
    )


def _outlines(explanation: VolumeExplanation, material: VolumeMaterial) -> Outlines:
    grid, structure = material.grid, explanation.structure
    place = (grid.affine_ras, grid.array.shape)
    found = None if structure is None else mask_on_own_grid(structure.labels, structure.whole, *place)
    own = explanation.target.task.name
    name = own if own in explanation.regions else next(iter(explanation.regions), "")
    known = mask_on_own_grid(explanation.regions[name], explanation.seen, *place) if name else None
    label = plain_name(explanation.target.name)
    return Outlines(found, known, f"{label}, found by the model", f"{plain_name(name)}, label map")


def _middle(outlines: Outlines, at: tuple[int, int, int]) -> tuple[int, int, int] | None:
    """The voxel of the structure nearest to its centre, where the peak does not lie in it."""
    mask = outlines.found if outlines.found is not None and outlines.found.any() else outlines.known
    if mask is None or not mask.any() or mask[at]:
        return None
    places = np.argwhere(mask)
    i, j, k = places[np.square(places - places.mean(axis=0)).sum(axis=1).argmin()]
    return int(i), int(j), int(k)


def _add_making(section: Section, explanation: VolumeExplanation, material: VolumeMaterial) -> None:
    section.table(
        ["map", "method", "compared with", "passes of the model"],
        [
            [plain_name(name), plain_name(made.method), compared_with(made), made.evaluations]
            for name, made in explanation.maps.items()
        ],
    )
    told_rows = {"computed at": explanation.computed_at} | material.provenance
    if explanation.structure is not None:
        told_rows["score"] = f"mean log-odds over {explanation.structure.scored_over.value}"
    section.table(["what", "value"], [[plain_name(key), in_words(value)] for key, value in told_rows.items()])
    section.link("attribution.json", "All scores as JSON; the maps themselves are NIfTI beside it")
