"""The report of the attribution benchmark: which method finds what is known, with n, intervals, chance and controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from monai_app.benchmark.attribution_figures import GOAL, hit_figure, share_figure
from monai_app.benchmark.attribution_film import AS_IT_STANDS, HIT, HIT_MARGIN, METRICS, PROCESSING, SMOOTHED
from monai_app.benchmark.attribution_shares import SHAPLEY_VARIANCE, STATISTICS
from monai_app.benchmark.attribution_summary import ALL_CASES, AUROC, CALLED, EVERY, ON_FILM, PRECISION_AT_K
from monai_app.core.page import Page, Section

FAITHFUL = ("deletion", "insertion", "infidelity", "max-sensitivity", "correlation with random weights")
GAP = "completeness gap"


@dataclass(frozen=True)
class AttributionFacts:
    """What was explained: the record of the benchmark, see attribution.json."""

    cohort: str
    models: Sequence[str]
    held_out: Mapping[str, int]
    refused: Mapping[str, str]
    cases_per_label: int
    methods: Sequence[str]
    recovered: Mapping[str, Mapping[str, Mapping[str, Any]]]
    marker: Sequence[Mapping[str, Any]] = ()


def attribution_page(facts: AttributionFacts, results: pl.DataFrame, shares: pl.DataFrame) -> Page:
    """The page of a finished benchmark."""
    found = [
        (values[SHAPLEY_VARIANCE]["read"]["value"], name)
        for name, values in facts.recovered.items()
        if SHAPLEY_VARIANCE in values
    ]
    share_tile, pointing = max(((value, name) for value, name in found if value is not None), default=None), None
    hits = _films(results, ON_FILM, CALLED).filter(pl.col("measure") == HIT)
    if not hits.is_empty():
        pointing = hits.sort("value", descending=True).row(0, named=True)
    page = Page(
        f"Do attributions find what is known? {facts.cohort}",
        f"{len(facts.models)} models, {len(facts.methods)} methods, up to {facts.cases_per_label} held-out cases a"
        " label that show it. Every score stands beside what a map without knowledge reaches. Brackets are 95 %"
        " bootstrap intervals over patients. A map tells what a model uses: where a model reads nothing, there is"
        " nothing to find.",
        tiles=[
            ("modality shares", "–", "one modality") if share_tile is None
            else ("modality shares that are read, best", f"{share_tile[0]:.2f}", f"{share_tile[1]}; goal {GOAL}"),
            ("pointing game", "–", "no film") if pointing is None
            else ("pointing game, best", f"{pointing['value']:.2f}", f"{method_name(pointing)}; goal {GOAL}"),
        ],
    )  # fmt: skip
    if not shares.is_empty():
        _share_section(page.section("Which modality carries which label"), facts, shares)
    if not hits.is_empty():
        _film_section(page.section("Where on the film"), facts, results)
    _feature_section(page.section("Which channels, fields and words"), facts, results)
    _faithful_section(page.section("Do maps say what the model does"), facts, results)
    if facts.marker:
        _marker_section(page.section("A planted shortcut"), facts.marker)
    _reading(page.section("How to read this"), facts)
    return page


def _films(results: pl.DataFrame, name: str, condition: str) -> pl.DataFrame:
    return results.filter(
        (pl.col("modality") == "film")
        & (pl.col("label") == name)
        & (pl.col("condition") == condition)
        & pl.col("measure").is_in(METRICS)
    )


def method_name(row: Mapping[str, Any]) -> str:
    """A method with the baseline it compares with, as tables name it."""
    name = str(row["method"]).replace("_", " ")
    return name if row["baseline"] in (None, "its own") else f"{name}, {row['baseline']}"


def _triple(row: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    return row["value"], row["low"], row["high"]


def _share_section(section: Section, facts: AttributionFacts, shares: pl.DataFrame) -> None:
    section.text(
        "Spearman's correlation, over (label, modality) pairs, of what each statistic says with the shares that the"
        " simulation gave each modality; n is the number of held-out patients. In a model as good as can be, the"
        " variance of a modality's Shapley value over patients is its share. Log loss without it: how much worse the"
        " predictions get when the modality is missing, which is what the model really loses."
    )
    rows: list[list[Any]] = []
    read: list[list[Any]] = []
    for name in facts.models:
        known = facts.recovered.get(name, {})
        if not known:
            continue
        cells = [(v["value"], v["low"], v["high"]) if (v := known.get(s)) else None for s in STATISTICS]
        rows.append([name, facts.held_out[name], *cells])
        cells = [(v["value"], v["low"], v["high"]) if (v := known.get(s, {}).get("read")) else None for s in STATISTICS]
        read.append([name, next(iter(known.values()))["pairs_read"], *cells])
    section.table(["all pairs", "n", *STATISTICS], rows)
    section.text(
        "No attribution can show what a model does not read. The same over the pairs that the model reads: from that"
        " modality alone it reaches half or more of the AUROC over chance that can be had from it."
    )
    section.table(["pairs that are read", "pairs", *STATISTICS], read)
    section.figure(share_figure(shares, facts.models, SHAPLEY_VARIANCE), "A dot a label; dotted: true equals found.")


def _film_section(section: Section, facts: AttributionFacts, results: pl.DataFrame) -> None:
    section.text(
        "Films on which the finding is visible, and that the model calls more likely than before any data. Hit: the"
        " highest pixel lies in the region; with margin: within 3 % of the side of it. Smoothed: the map blurred by a"
        " 24th of the film's side first. Chance is the area of the region (with its margin), or one half for AUROC."
    )
    for name in facts.models:
        part, whole = (_films(results, which, CALLED).filter(pl.col("model") == name) for which in (ON_FILM, EVERY))
        if part.is_empty():
            continue
        counts = [int(frame["n"].to_numpy().max()) for frame in (part, whole)]
        section.heading(f"{name}: labels of which the film carries a third or more, n = {counts[0]} patients")
        figures = []
        for processing in PROCESSING:
            hits = part.filter((pl.col("measure") == HIT) & (pl.col("processing") == processing))
            figures.append((hit_figure(hits.sort("value", descending=True), f"pointing game, map {processing}"), ""))
        section.figures(figures)
        for processing in PROCESSING:
            film_table(section, part.filter(pl.col("processing") == processing), processing)
        section.heading(f"{name}: all labels, n = {counts[1]} patients")
        film_table(section, whole.filter(pl.col("processing") == AS_IT_STANDS), AS_IT_STANDS)
        _label_table(section, results.filter(pl.col("model") == name))


def film_table(section: Section, part: pl.DataFrame, processing: str) -> None:
    """A row a method and baseline, then chance and the film's centre; the rows of one label and condition."""
    rows = []
    for (_, _), own in part.group_by("method", "baseline", maintain_order=True):
        by_measure = {row["measure"]: row for row in own.iter_rows(named=True)}
        rows.append([method_name(by_measure[HIT]), *(_triple(by_measure[measure]) for measure in METRICS)])
    first = {row["measure"]: row for row in part.iter_rows(named=True)}
    rows += [
        [what, *((first[measure][key], None, None) for measure in METRICS)]
        for what, key in (("chance", "chance"), ("the film's centre", "centre"))
    ]
    section.table([f"map {processing}", *METRICS], rows)


def _label_table(section: Section, results: pl.DataFrame) -> None:
    own = results.filter(
        (pl.col("modality") == "film")
        & pl.col("measure").is_in([HIT, HIT_MARGIN])
        & ~pl.col("label").is_in([EVERY, ON_FILM])
    )
    rows = []
    for (name, condition), part in own.group_by("label", "condition", maintain_order=True):
        for measure, processing in ((HIT, AS_IT_STANDS), (HIT_MARGIN, SMOOTHED)):
            wanted = part.filter((pl.col("measure") == measure) & (pl.col("processing") == processing))
            best = wanted.sort("value", descending=True).row(0, named=True)
            shown = [
                best["maps"],
                method_name(best),
                _triple(best),
                (best["chance"], None, None),
                (best["centre"], None, None),
            ]
            rows.append([str(name).replace("_", " "), condition, f"{measure}, {processing}", *shown])
    section.text("The best method of each label, which is chosen after the fact and so looks better than it is:")
    section.table(["label", "films", "measure", "n", "method", "value", "chance", "centre"], rows)


def _feature_section(section: Section, facts: AttributionFacts, results: pl.DataFrame) -> None:
    section.text(
        "Do the channels of the series and the fields of the table that carry a label have the most attribution (mean"
        " over cases of the absolute sum a channel or field), and do the words that tell of its symptom? AUROC against"
        " the others; .5 is chance. Mean over labels."
    )
    wanted = {("series", AUROC): "channels", ("series", PRECISION_AT_K): "channels, precision at k"}
    wanted |= {("table", AUROC): "fields", ("table", PRECISION_AT_K): "fields, precision at k"}
    wanted |= {("note", "word AUROC"): "words", ("note", "strongest word tells"): "strongest word"}
    rows = []
    own = results.filter((pl.col("label") == EVERY) & pl.col("modality").is_in(["series", "table", "note"]))
    for (model, method), part in own.group_by("model", "method", maintain_order=True):
        cells = {(row["modality"], row["measure"]): _triple(row) for row in part.iter_rows(named=True)}
        if any(key in cells for key in wanted):
            rows.append([model, str(method).replace("_", " "), *(cells.get(key) for key in wanted)])
    section.table(["model", "method", *wanted.values()], rows)
    chances = [
        own.filter((pl.col("modality") == modality) & (pl.col("measure") == measure))["chance"].mean()
        for modality, measure in wanted
    ]
    section.table(["", *wanted.values()], [["chance", *((value, None, None) for value in chances)]])


def _faithful_section(section: Section, facts: AttributionFacts, results: pl.DataFrame) -> None:
    section.text(
        "Deletion (lower is better) and insertion (higher) in parts of what the modality changed, beside random order;"
        " infidelity 0 is exact and 1 no better than no map; max-sensitivity is the largest relative change for inputs"
        " nobody could tell apart; the correlation with the map of random weights is near 0 where a map shows what was"
        " learned. Means over all models' tested cases."
    )
    own = results.filter((pl.col("label") == EVERY) & pl.col("measure").is_in([*FAITHFUL, GAP]))
    rows = []
    for (modality, _, _), part in own.group_by("modality", "method", "baseline", maintain_order=True):
        means = {
            measure: part.filter(pl.col("measure") == measure).select("value", "chance").mean().row(0)
            for measure in (*FAITHFUL, GAP)
        }
        cells: list[Any] = []
        for measure in ("deletion", "insertion"):
            cells += list(means[measure])
        cells += [means[measure][0] for measure in (*FAITHFUL[2:], GAP)]
        rows.append([modality, method_name(part.row(0, named=True)), *((cell, None, None) for cell in cells)])
    header = ["deletion", "random", "insertion", "random", *FAITHFUL[2:], GAP]
    section.table(["map", "method", *header], rows)


def _marker_section(section: Section, rows: Sequence[Mapping[str, Any]]) -> None:
    section.text(
        "Two small models of the same films: in the training of one the letters lie on the films that have the label,"
        " in that of the other on a random half. On held-out films, all with letters: what the letters add to the log"
        " odds, and how much of a map lies on them; chance is their area, and one half for the AUROC of telling the two"
        " models apart by their maps."
    )
    header = ["model", "method", "measure", "n", "value", "chance"]
    shown = [
        [
            row["model"],
            str(row["method"]).replace("_", " "),
            row["measure"],
            row["n"],
            (row["value"], row.get("low"), row.get("high")),
            (row["chance"], None, None),
        ]
        for row in rows
    ]
    section.table(header, shown)


def _reading(section: Section, facts: AttributionFacts) -> None:
    if facts.refused:
        section.text("Refused, since there is nothing to explain: " + ", ".join(facts.refused) + ".")
    section.text(
        f"Condition {ALL_CASES!r} is in results.csv beside {CALLED!r}; single maps are in cases.parquet, shares in"
        " shares.parquet. Labels, masks, channels, fields and words are those of the simulation."
    )
