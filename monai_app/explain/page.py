"""The page of one case, for a radiologist who asks why: which modality, where in each, and whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping

from monai_app.core.page import Page, Section
from monai_app.explain.agreement import Agreement
from monai_app.explain.agreement_panel import add_agreements
from monai_app.explain.believability import Believability
from monai_app.explain.check_list import add_checks
from monai_app.explain.explanation import Explanation
from monai_app.explain.film_panel import add_film
from monai_app.explain.material import Material
from monai_app.explain.modality_panel import add_modalities
from monai_app.explain.note_panel import add_note
from monai_app.explain.sentences import checks, compared_with, precision_words, summary
from monai_app.explain.value_panels import add_series, add_table
from monai_app.explain.wording import TITLES, in_words, label_of, plain_name, quantity, told

PANELS = {"film": add_film, "series": add_series, "table": add_table, "note": add_note}


def case_page(
    explanation: Explanation,
    scores: Mapping[str, Believability],
    material: Material,
    agreements: Mapping[str, Agreement] | None = None,
) -> Page:
    """The whole page; without scores it says nothing of checks, as pages of a reader study must not."""
    target, shares = explanation.target, explanation.shares
    shown = told(target, target.shown(explanation.case.score))
    label = label_of(target)
    strongest = max(zip(shares.shares, shares.names, strict=True))
    rows = {name: checks(target, explanation.maps[name], found) for name, found in scores.items()}
    known = [passed for found in rows.values() for _, _, passed in found if passed is not None]
    page = Page(
        f"What moved the model: {label}",
        f"The {quantity(target)} of {label} is {shown} for this case. Orange speaks for it, purple against it. A map"
        " shows what moved the model, not what is wrong with the patient: compare it with what you see, and distrust"
        " the prediction where the two disagree.",
        tiles=[
            (quantity(target), shown, f"before any data: {told(target, target.shown(shares.prior.score))}"),
            ("what counted most", TITLES[strongest[1]], f"{strongest[0]:.0%} of all influence"),
            *([("checks passed", f"{sum(known)} of {len(known)}", "see the last section")] if scores else []),
        ],
    )
    short = page.section("In short")
    for text in summary(shares, rows):
        short.text(text)
    add_modalities(page.section("What each kind of data contributed"), explanation)
    for name in explanation.case.network.modalities:
        section = page.section(TITLES[name])
        if name in explanation.maps:
            PANELS[name](section, explanation, explanation.maps[name], material)
            for text in explanation.maps[name].warnings:
                section.text(f"Note: {text}")
        else:
            section.text(
                "Absent: this case has none, so there is no map. The model predicted as it does for all who lack it."
            )
    if agreements:
        add_agreements(page.section("Do the methods agree?"), agreements, material)
    if scores:
        add_checks(page.section("Can these maps be believed?"), {TITLES[name]: found for name, found in rows.items()})
    _add_provenance(page.section("How this was made"), explanation, material)
    return page


def _add_provenance(section: Section, explanation: Explanation, material: Material) -> None:
    rows = [
        [TITLES[name], made.method.replace("_", " "), compared_with(made), made.evaluations, precision_words(made)]
        for name, made in explanation.maps.items()
    ]
    section.table(["map", "method", "compared with", "passes of the model", "computed in"], rows)
    section.table(["what", "value"], [[plain_name(key), in_words(value)] for key, value in material.provenance.items()])
    section.link("attribution.json", "All values and scores as JSON")
