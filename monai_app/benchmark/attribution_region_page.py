"""The page of relevance inside a known region: methods beside the area, the film's centre and random weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from monai_app.benchmark.attribution_figures import hit_figure
from monai_app.benchmark.attribution_film import AS_IT_STANDS, AUROC, HIT, MASS, METRICS, PRECISION, PROCESSING
from monai_app.benchmark.attribution_report import film_table, method_name
from monai_app.benchmark.attribution_summary import ALL_CASES, EVERY
from monai_app.core.page import Page, Section


@dataclass(frozen=True)
class RegionFacts:
    """What was asked: the record of the benchmark, see attribution.json.

    Attributes:
        cohort: its name.
        region: of its masks.
        films: with a mask, by model.
        methods: names.
    """

    cohort: str
    region: str
    films: Mapping[str, int]
    methods: Sequence[str]


def region_page(facts: RegionFacts, results: pl.DataFrame) -> Page:
    """The page.

    Args:
        results: as :func:`monai_app.benchmark.attribution_summary.case_means` gives them.
    """
    films = results.filter(
        (pl.col("modality") == "film") & (pl.col("condition") == ALL_CASES) & pl.col("measure").is_in(METRICS)
    )
    own = films.filter(pl.col("model").is_in(list(facts.films)) & (pl.col("label") == EVERY))
    mass = own.filter((pl.col("measure") == MASS) & (pl.col("processing") == AS_IT_STANDS))
    best = mass.sort("value", descending=True).row(0, named=True)
    page = Page(
        f"Does relevance lie in the {facts.region}? {facts.cohort}",
        f"Maps of every film with a mask of the {facts.region}, whatever it shows: no finding is known, so that this"
        " says whether a model looks there at all, not whether it finds anything. Every score stands beside what a map"
        " without knowledge reaches, and what the same network with random weights does. Brackets are 95 % bootstrap"
        " intervals over patients.",
        tiles=[
            ("films", str(max(facts.films.values())), f"{int(best['n'])} patients"),
            ("relevance inside, highest", f"{best['value']:.2f}", f"{method_name(best)}; area {best['chance']:.2f}"),
        ],
    )
    for name in films["model"].unique(maintain_order=True):
        _model_section(page.section(str(name)), films.filter(pl.col("model") == name))
    page.section("How to read this").text(
        f"{HIT}: the highest pixel lies inside; with margin: within 3 % of the side of it. {MASS}: share of what speaks"
        f" for the label that lies inside; a map on which nothing speaks for it counts 0. {AUROC}, {PRECISION}: of the"
        " pixels inside against all others. Chance is the area, or one half for AUROC. Single maps are in"
        " cases.parquet, every condition in results.csv; 'called' there means more than even odds."
    )
    return page


def _model_section(section: Section, films: pl.DataFrame) -> None:
    every = films.filter(pl.col("label") == EVERY)
    plain = every.filter(pl.col("processing") == AS_IT_STANDS)
    figures = []
    for measure, what in ((MASS, "share of relevance inside"), (HIT, "hit rate")):
        rows = plain.filter(pl.col("measure") == measure).sort("value", descending=True)
        figures.append((hit_figure(rows, measure, what=what, goal=None), ""))
    section.figures(figures)
    for processing in PROCESSING:
        film_table(section, every.filter(pl.col("processing") == processing), processing)
    labels = [name for name in films["label"].unique(maintain_order=True) if name != EVERY]
    if len(labels) > 1:
        section.text("Relevance mass by label, of maps as they stand:")
        section.table(["label", "maps", *_methods(plain), "area"], [_label_row(films, name) for name in labels])


def _methods(plain: pl.DataFrame) -> list[str]:
    return [method_name(row) for row in plain.filter(pl.col("measure") == MASS).iter_rows(named=True)]


def _label_row(films: pl.DataFrame, name: str) -> list[Any]:
    own = films.filter((pl.col("label") == name) & (pl.col("measure") == MASS) & (pl.col("processing") == AS_IT_STANDS))
    values = [(row["value"], row["low"], row["high"]) for row in own.iter_rows(named=True)]
    return [name.replace("_", " "), int(own["maps"].to_numpy().max()), *values, (own["chance"][0], None, None)]
