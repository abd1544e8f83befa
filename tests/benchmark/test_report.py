"""The page has every part and every n, and says where a number is undefined."""

from __future__ import annotations

import re

import polars as pl
import pytest

from monai_app.benchmark.claims import judged_claims
from monai_app.benchmark.profiles import Profile
from monai_app.benchmark.report import BenchmarkFacts, benchmark_page
from monai_app.benchmark.systems import chosen_systems
from monai_app.cohort.store import Cohort
from monai_app.metrics.bootstrap import Estimate
from tests.benchmark.conftest import SYSTEMS, TASKS, Bench

SECTIONS = (
    "Clean data",
    "Claims",
    "Spoiled modalities",
    "Missing modalities",
    "Calibration and rejection",
    "What the systems relied on",
    "Sites",
    "Cost",
    "How to read this",
)


@pytest.fixture(scope="module")
def page(bench: Bench) -> str:
    return (bench.out / "report.html").read_text()


def rendered(bench: Bench, *, blank: tuple[str, ...] = (), names: tuple[str, ...] = SYSTEMS, seeds: int = 2) -> str:
    """The page of a part of the results, with some metrics undefined."""
    results, weights = (pl.read_parquet(bench.out / f"{name}.parquet") for name in ("results", "weights"))
    chosen = pl.col("system").is_in(names) & (pl.col("seed") < seeds)
    results, weights = results.filter(chosen), weights.filter(chosen)
    undefined = pl.when(pl.col("metric").is_in(blank)).then(None).otherwise(pl.col("value"))
    results = results.with_columns(undefined.alias("value"))
    facts = BenchmarkFacts("x", chosen_systems(names), seeds, Profile.SMALL, TASKS, folds=False, held_out=3, threads=1)
    nothing = {metric: dict.fromkeys(names, (Estimate(None),) * 2) for metric in ("auroc", "auprc", "ece")}
    return benchmark_page(facts, results, weights, nothing, judged_claims(results, weights)).render()


def test_every_section_is_there(page: str) -> None:
    assert tuple(re.findall(r"<h2[^>]*>([^<]*)</h2>", page)) == SECTIONS


def test_n_is_told_of_the_whole_and_of_each_pattern(bench: Bench, page: str) -> None:
    results = pl.read_parquet(bench.out / "results.parquet")
    whole = results.filter(pl.col("kind") == "clean")["samples"][0]
    films = results.filter((pl.col("kind") == "missing") & (pl.col("modality") == "film"))["samples"][0]
    assert f"judged on {whole} held-out samples" in page and Cohort(bench.cohort).record.name in page
    assert f"n = {whole}</td>" in page and f"n = {films}</td>" in page


def test_trees_are_named_as_unmeasured_under_faults(page: str) -> None:
    assert "Not judged under faults: haim." in page


def test_one_class_only_is_told_and_never_a_number(bench: Bench) -> None:
    page = rendered(bench, blank=("auroc", "auprc"))
    assert "undefined" in page and ">nan<" not in page and ">None<" not in page
    assert tuple(re.findall(r"<h2[^>]*>([^<]*)</h2>", page)) == SECTIONS


def test_one_seed_has_no_spread(bench: Bench) -> None:
    spread = r"\d ± \d"
    assert re.search(spread, rendered(bench)) and not re.search(spread, rendered(bench, seeds=1))


def test_trees_alone_make_a_page(bench: Bench) -> None:
    page = rendered(bench, names=("haim",))
    assert "No system was judged under faults." in page and "No system here says how much" in page
