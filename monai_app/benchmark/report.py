"""The report of the fusion benchmark: who wins when, with n, spread over seeds and intervals over patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from monai_app.benchmark.claims import Claim
from monai_app.benchmark.compare import (
    by_system,
    clean,
    drops_by_modality,
    mean_drop,
    over_tasks,
    paired_tests,
    reliability_correlation,
    spread,
)
from monai_app.benchmark.conditions import Kind
from monai_app.benchmark.figures import drop_heat_map, kept_figure, severity_figure, weight_heat_map
from monai_app.benchmark.judging import SITE
from monai_app.benchmark.profiles import Profile
from monai_app.benchmark.systems import SYSTEMS, System
from monai_app.core.page import Page, Section
from monai_app.engines.report.style import metric_name, readable
from monai_app.metrics.bootstrap import Estimate

REFERENCE = "early"
Intervals = Mapping[str, Mapping[str, tuple[Estimate, Estimate]]]


@dataclass(frozen=True)
class BenchmarkFacts:
    """What was compared, for the words of the report."""

    cohort: str
    systems: Sequence[System]
    seeds: int
    profile: Profile
    tasks: Sequence[str]
    folds: bool
    held_out: int
    threads: int

    @property
    def names(self) -> list[str]:
        """The systems' names."""
        return [system.name for system in self.systems]


def benchmark_page(
    facts: BenchmarkFacts,
    results: pl.DataFrame,
    weights: pl.DataFrame,
    intervals: Intervals,
    claims: Sequence[Claim],
) -> Page:
    """The page of a finished benchmark."""
    known = by_system(clean(results, "auroc"), facts.names)
    best = max(known, key=lambda name: known[name][0], default=None)
    page = Page(
        f"Fusion systems on {facts.cohort}",
        f"{len(facts.systems)} systems, {facts.seeds} {'folds' if facts.folds else 'seeds'} each, profile "
        f"{facts.profile.value}, judged on {facts.held_out:,} held-out samples; tasks: "
        f"{', '.join(map(readable, facts.tasks))}. Numbers are the mean "
        "over classes, then tasks; ± is the standard deviation over seeds, brackets are 95 % intervals over patients.",
        tiles=[
            ("best on clean data", best, f"AUROC {known[best][0]:.3f}")
            if best
            else ("best on clean data", "undefined"),
            ("claims met", f"{sum(claim.met is True for claim in claims)} of {len(claims)}"),
            ("held out", f"{facts.held_out:,}"),
        ],
    )
    _clean_section(page.section("Clean data"), facts, results, intervals)
    if claims:
        _claims_section(page.section("Claims"), claims)
    _fault_section(page.section("Spoiled modalities"), facts, results)
    _missing_section(page.section("Missing modalities"), facts, results)
    _calibration_section(page.section("Calibration and rejection"), facts, results)
    _reliability_section(page.section("What the systems relied on"), facts, results, weights)
    _site_section(page.section("Sites"), facts, results)
    _cost_section(page.section("Cost"), facts, results)
    _reading(page.section("How to read this"), facts)
    return page


def _plus_minus(table: pl.DataFrame, names: Sequence[str], digits: int = 3) -> dict[str, str]:
    found = by_system(table, names)
    return {
        name: f"{mean:.{digits}f}" + ("" if std is None else f" ± {std:.{digits}f}")
        for name, (mean, std) in found.items()
    }


def _triple(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    return estimate.value, estimate.low, estimate.high


def _clean_section(section: Section, facts: BenchmarkFacts, results: pl.DataFrame, intervals: Intervals) -> None:
    seeds = by_system(clean(results, "auroc"), facts.names)
    tests = paired_tests(clean(results, "auroc"), REFERENCE)
    drop = by_system(mean_drop(results), facts.names)
    rows = []
    for name in facts.names:
        row: list[Any] = [
            name,
            _triple(intervals["auroc"][name][0]),
            seeds.get(name, (None, None))[1],
            _triple(intervals["auroc"][name][1]),
        ]
        p = tests.get(name, (None, None))[1]
        row += [None if p is None or np.isnan(p) else p, _triple(intervals["auprc"][name][0])]
        row += [_triple(intervals["ece"][name][0]), drop.get(name, (None, None))[0]]
        rows.append(row)
    header = ["system", "AUROC [95 %]", "± over seeds", f"difference from {REFERENCE} [95 %]", "p (Holm)"]
    section.table([*header, "AUPRC", "ECE", "mean drop by faults, %"], rows)
    section.text(
        f"p: paired t-test over {facts.seeds} seeds against {REFERENCE}, corrected by Holm over the systems; it tells "
        "of the choice of seeds only. The interval of the difference tells of the choice of patients."
    )


def _claims_section(section: Section, claims: Sequence[Claim]) -> None:
    words = {True: "holds", False: "does not hold", None: "cannot be judged here"}
    section.text("What a reliability-aware fusion is said to do, beside what was measured here.")
    section.table(["claim", "measured", ""], [[claim.what, claim.measured, words[claim.met]] for claim in claims])


def _fault_section(section: Section, facts: BenchmarkFacts, results: pl.DataFrame) -> None:
    lost = drops_by_modality(results)
    modalities = lost["modality"].unique(maintain_order=True).to_list()
    if not modalities:
        section.text("No system was judged under faults.")
        return
    columns = {name: _plus_minus(lost.filter(pl.col("modality") == name), facts.names, 1) for name in modalities}
    section.text("AUROC lost to faults of one modality, in percent of clean, mean over its faults and severities.")
    section.table(
        ["system", *modalities],
        [[name, *(columns[m].get(name) for m in modalities)] for name in facts.names if name in columns[modalities[0]]],
    )
    section.figure(
        severity_figure(results, facts.names), f"AUROC by severity, mean over faults and {facts.seeds} seeds."
    )
    section.figure(drop_heat_map(results, facts.names), "AUROC lost in percent, by fault, mean over severities.")
    trees = [system.name for system in facts.systems if system.trees]
    if trees:
        section.text(
            f"Not judged under faults: {', '.join(trees)}. Boosted trees read records and films themselves, so faults "
            "planted in tensors do not reach them; that is unmeasured, not robust."
        )


def _missing_section(section: Section, facts: BenchmarkFacts, results: pl.DataFrame) -> None:
    rows = over_tasks(results, "auroc")
    patterns = rows.filter(pl.col("kind") == Kind.MISSING.value)["modality"].unique(maintain_order=True).to_list()
    whole = _plus_minus(clean(results, "auroc"), facts.names)
    parts = {
        pattern: _plus_minus(
            rows.filter((pl.col("kind") == Kind.MISSING.value) & (pl.col("modality") == pattern)), facts.names
        )
        for pattern in patterns
    }
    section.text("AUROC when only these modalities are left; samples that have none of them are left out.")
    missing = results.filter(pl.col("kind") == Kind.MISSING.value)
    by_seed = missing.group_by("modality", "seed").agg(pl.col("samples").max())
    held_out = pl.col("samples").sum() if facts.folds else pl.col("samples").max()
    left = dict(by_seed.group_by("modality").agg(held_out).iter_rows())
    counts = [f"n = {facts.held_out:,}", *(f"n = {left[pattern]:,}" for pattern in patterns)]
    section.table(
        ["system", "as recorded", *(pattern.replace("+", " + ") for pattern in patterns)],
        [
            ["samples", *counts],
            *([name, whole.get(name), *(parts[pattern].get(name) for pattern in patterns)] for name in facts.names),
        ],
    )


def _calibration_section(section: Section, facts: BenchmarkFacts, results: pl.DataFrame) -> None:
    metrics = ["ece", "ece_scaled", "adaptive_ece", "mce", "brier", "nll", "nll_scaled", "accuracy", "f1"]
    metrics += ["error", "error_kept", "aurc", "e_aurc"]
    columns = {metric: _plus_minus(clean(results, metric), facts.names) for metric in metrics}
    titles = [metric_name(metric.removesuffix("_scaled")) for metric in metrics[:9]]
    titles = [
        f"{title}, scaled" if metric.endswith("_scaled") else title
        for metric, title in zip(metrics[:9], titles, strict=True)
    ]
    section.text(
        "Per class, then averaged: a pooled ECE hides classes. Scaled: after a temperature a task fitted on tuning. "
        "Error at .5; kept: among the most certain 80 %. AURC: mean error over all coverages; E-AURC: its excess over "
        "the best ordering of the same errors. Accuracy and F1 at thresholds chosen on tuning."
    )
    titles += ["error", "error, kept", "AURC", "E-AURC"]
    for part in (slice(0, 7), slice(7, None)):
        rows = [[name, *(columns[metric].get(name) for metric in metrics[part])] for name in facts.names]
        section.table(["system", *titles[part]], rows)
    section.figure(kept_figure(results, facts.names), "Error rate of all samples and of the most certain 80 %.")


def _reliability_section(section: Section, facts: BenchmarkFacts, results: pl.DataFrame, weights: pl.DataFrame) -> None:
    rows = reliability_correlation(weights)
    if rows.is_empty():
        section.text("No system here says how much it used each modality.")
        return
    section.text(
        "Spearman's correlation of the weight a modality got with its known quality (1 untouched, 0 at severity 5), "
        "over samples and severities. Constant weights give 0."
    )
    modalities = rows["modality"].unique(maintain_order=True).to_list()
    over_all = rows.filter(pl.col("fault") == "all")
    columns = {m: _plus_minus(over_all.filter(pl.col("modality") == m), facts.names, 2) for m in modalities}
    names = [name for name in facts.names if any(name in column for column in columns.values())]
    section.table(["system", *modalities], [[name, *(columns[m].get(name) for m in modalities)] for name in names])
    shown = [name for name in names if not SYSTEMS[name].ablation]
    section.figures([(weight_heat_map(results, name), f"{name}: mean weight of a spoiled modality.") for name in shown])


def _site_section(section: Section, facts: BenchmarkFacts, results: pl.DataFrame) -> None:
    rows = over_tasks(results, "auroc").filter(pl.col("kind") == SITE)
    sites = rows["fault"].unique(maintain_order=True).to_list()
    if not sites:
        section.text("No site is known to have 20 held-out samples or more: unmeasured.")
        return
    counts = {
        site: results.filter((pl.col("kind") == SITE) & (pl.col("fault") == site))["samples"][0] for site in sites
    }
    columns = {site: _plus_minus(rows.filter(pl.col("fault") == site), facts.names) for site in sites}
    section.text(
        "AUROC on clean held-out samples of each site; a site that no training sample comes from is a new one."
    )
    section.table(
        ["system", *(f"{site}, n = {counts[site]}" for site in sites)],
        [[name, *(columns[site].get(name) for site in sites)] for name in facts.names],
    )


def _cost_section(section: Section, facts: BenchmarkFacts, results: pl.DataFrame) -> None:
    rows = []
    for name in facts.names:
        own = results.filter((pl.col("system") == name) & (pl.col("kind") == Kind.CLEAN.value))
        cost = {
            metric: spread(own.filter(pl.col("metric") == metric).select("system", "seed", "value"))["mean"][0]
            for metric in ("parameters", "training_seconds", "inference_seconds")
        }
        weights = None if SYSTEMS[name].trees else round(cost["parameters"])
        rows.append([name, weights, cost["training_seconds"], 1000 * cost["inference_seconds"]])
    section.table(["system", "weights", "training, s", "inference of prepared samples, ms a sample"], rows)
    section.text(
        f"Wall-clock seconds; {facts.threads} threads when this page was written, and one a training where several ran "
        "at once. Trees have no weights."
    )


def _reading(section: Section, facts: BenchmarkFacts) -> None:
    section.table(["system", "what it is"], [[system.name, system.about] for system in facts.systems])
    ablations = [system.name for system in facts.systems if system.ablation]
    if ablations:
        section.text(f"Ablations and controls among the systems: {', '.join(ablations)}.")
    section.text(
        "Faults are planted before enhancement and tokens, the same draw for every system and, weaker or stronger, at "
        "every severity. Systems that train with faults have seen faults of these kinds; their controls (…_faults) "
        "have too, and are the fair comparison."
    )
