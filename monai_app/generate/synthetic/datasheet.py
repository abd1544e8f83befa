"""What a reader of a synthetic cohort must know: how it came about, what it preserves, what it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOTICE = "SYNTHETIC cohort. No patient is behind a record. Not for diagnosis."

PRESERVED = (
    "the distribution of each table field, label and series summary of the train split, and how often each is unknown",
    "pairwise dependence of all of them, by one latent correlation a pair, shrunk",
    "how many measurements a channel has, when in the window they are taken, and with how many decimals",
    "how often frequent words of notes are affirmed or denied, given the one label that tells most of each",
)
NOT_PRESERVED = (
    "dependence beyond one correlation a pair: interactions, clusters, tails that go together",
    "dependence of fields with more than two categories, which is kept roughly only",
    "logical rules between fields, such as death labels that must agree; nothing enforces them",
    "the course of a series beyond a straight line; measurements of channels that are taken together",
    "values beyond detection limits, which are left out",
    "values of fewer than 5 patients, and what lies beyond the 5th lowest and highest",
    "wording of notes: they are lists of fields, with words that may mean little by themselves",
    "several samples, films or admissions of one patient: each record has one of each",
    "calendar time: all dates lie in 2100 and say nothing",
    "views, pixel spacing and devices of films: the image model knows none of them",
)
STATED_ONLY = ("labels, categories and their stated shares, independent of each other; nothing else",)


def datasheet(
    *,
    source: str,
    detail: str,
    records: int,
    seed: int,
    prevalence: Mapping[str, float],
    subgroup: Mapping[str, float],
    reached: Mapping[str, float],
    note_terms: Sequence[str],
    image_model: Mapping[str, Any] | None,
    privacy: Mapping[str, Any],
    terms: str,
) -> dict[str, Any]:
    """The datasheet as a record.

    Args:
        source: name of the cohort that records and images were fitted on.
        reached: share of each stated label or subgroup among the written records.
        image_model: name and version; None without images.
        privacy: what :func:`guarantee` says.
        terms: of the source's licence.
    """
    fitted = detail == "fitted"
    return {
        "format": "monai-app-datasheet-1",
        "notice": NOTICE,
        "source": source,
        "terms_of_the_source": terms,
        "detail": detail,
        "records": records,
        "seed": seed,
        "stated": {"prevalence": dict(prevalence), "subgroup": dict(subgroup)},
        "reached": dict(reached),
        "preserved": list(PRESERVED if fitted else STATED_ONLY),
        "not_preserved": list(NOT_PRESERVED) if fitted else ["everything else"],
        "note_terms": list(note_terms),
        "image_model": None if image_model is None else dict(image_model),
        "privacy": dict(privacy),
    }


def guarantee(budget: tuple[float, float] | None, detail: str) -> dict[str, Any]:
    """What is guaranteed to the patients of the source; ``budget`` is epsilon and delta."""
    if budget is None:
        what = "records of a copula fitted without noise" if detail == "fitted" else "stated records"
        return {"differential_privacy": False, "why": f"no budget was set; {what} and images carry no guarantee"}
    told = {"epsilon": budget[0], "delta": budget[1], "unit": "patient"}
    return {
        "differential_privacy": True,
        **told,
        "why": "records hold stated shares only; images, if any, come from private models",
    }


def as_markdown(sheet: Mapping[str, Any]) -> str:
    """The datasheet as a page."""
    lines = [f"# Datasheet: {sheet['records']} synthetic records", "", f"**{sheet['notice']}**", ""]
    lines += [f"- Source: {sheet['source']} ({sheet['terms_of_the_source'] or 'no terms told'})"]
    lines += [f"- Detail: {sheet['detail']}; seed {sheet['seed']}"]
    model = sheet["image_model"]
    lines += [f"- Images: {'none' if model is None else ', '.join(f'{k} {v}' for k, v in model.items())}"]
    lines += [f"- Privacy: {sheet['privacy']['why']}; see privacy_report.json", ""]
    stated = {**sheet["stated"]["prevalence"], **sheet["stated"]["subgroup"]}
    if stated:
        lines += ["| stated | share | reached |", "|---|---|---|"]
        lines += [f"| {name} | {share:g} | {sheet['reached'][name]:.4f} |" for name, share in stated.items()]
        lines.append("")
    for title, key in (("Preserved", "preserved"), ("Not preserved", "not_preserved")):
        lines += [f"## {title}", "", *(f"- {what}" for what in sheet[key]), ""]
    if sheet["note_terms"]:
        lines += ["## Words that notes are made of", "", ", ".join(sheet["note_terms"]), ""]
    return "\n".join(lines)
