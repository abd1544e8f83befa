"""From rows of numbers to comparisons: mean and spread over seeds, drops under faults, paired tests, reliability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from monai_app.benchmark.conditions import Kind
from monai_app.benchmark.scoring import MEAN

Floats = NDArray[np.float64]


def over_tasks(results: pl.DataFrame, metric: str) -> pl.DataFrame:
    """A metric's mean over tasks, each the mean over its classes: one row a system, seed and condition."""
    rows = results.filter((pl.col("metric") == metric) & (pl.col("label") == MEAN))
    keys = ["system", "seed", "kind", "modality", "fault", "severity"]
    return rows.group_by(keys, maintain_order=True).agg(pl.col("value").mean())


PUBLISHED = ("auroc", "auprc", "ece", "ece_scaled", "adaptive_ece", "brier", "error", "error_kept", "aurc")


def summary(results: pl.DataFrame, digits: int = 4) -> pl.DataFrame:
    """Mean and standard deviation over seeds of what is published of a task: small enough to keep beside a text."""
    keys = ["system", "kind", "modality", "fault", "severity", "task", "metric"]
    rows = results.filter((pl.col("label") == MEAN) & pl.col("value").is_not_null() & pl.col("metric").is_in(PUBLISHED))
    return rows.group_by(keys, maintain_order=True).agg(
        pl.col("value").mean().round(digits).alias("mean"),
        pl.col("value").std().round(digits).alias("std"),
        pl.len().alias("seeds"),
    )


def clean(results: pl.DataFrame, metric: str) -> pl.DataFrame:
    """The metric on clean samples: one row a system and seed."""
    return over_tasks(results, metric).filter(pl.col("kind") == Kind.CLEAN.value).select("system", "seed", "value")


def spread(table: pl.DataFrame) -> pl.DataFrame:
    """Mean, standard deviation and number of seeds of ``value`` a system, in the order of the systems."""
    return table.group_by("system", maintain_order=True).agg(
        pl.col("value").mean().alias("mean"), pl.col("value").std().alias("std"), pl.len().alias("seeds")
    )


def drops(results: pl.DataFrame, metric: str = "auroc") -> pl.DataFrame:
    """What a fault costs: clean minus spoiled, absolute and in percent of clean, a row a system, seed and condition.

    Of a clean value of 0 nothing can be lost in percent: null.
    """
    spoiled = over_tasks(results, metric).filter(pl.col("kind") == Kind.FAULT.value)
    joined = spoiled.join(clean(results, metric).rename({"value": "clean"}), on=["system", "seed"])
    lost = pl.col("clean") - pl.col("value")
    percent = pl.when(pl.col("clean") > 0).then(100 * lost / pl.col("clean"))
    return joined.with_columns(lost.alias("drop"), percent.alias("drop_percent"))


def drops_by_modality(results: pl.DataFrame, metric: str = "auroc") -> pl.DataFrame:
    """Mean drop over the faults and severities of each modality, in percent: a row a system, seed and modality."""
    return (
        drops(results, metric)
        .group_by("system", "seed", "modality", maintain_order=True)
        .agg(pl.col("drop_percent").mean().alias("value"))
    )


def mean_drop(results: pl.DataFrame, metric: str = "auroc") -> pl.DataFrame:
    """Mean over modalities of the mean drop in percent, each modality weighing the same (as mCE weighs faults)."""
    by_modality = drops_by_modality(results, metric)
    return by_modality.group_by("system", "seed", maintain_order=True).agg(pl.col("value").mean())


def paired_tests(table: pl.DataFrame, reference: str) -> dict[str, tuple[float, float]]:
    """Paired t-test over seeds of each system against the reference: mean difference and Holm-corrected p.

    Systems that were not measured on all of the reference's seeds, or differ by a constant, have no p (NaN).
    """
    known = table.drop_nulls("value")
    values = {name: dict(group.select("seed", "value").iter_rows()) for (name,), group in known.group_by("system")}
    own = values.get(reference)
    others = [name for name in known["system"].unique(maintain_order=True) if name != reference]
    if own is None or not others:
        return {}
    differences, chances = [], []
    for name in others:
        seeds = sorted(set(own) & set(values[name]))
        gap = np.array([values[name][seed] - own[seed] for seed in seeds], float)
        differences.append(float(gap.mean()) if gap.size else float("nan"))
        testable = len(seeds) == len(own) >= 2 and bool(np.ptp(gap) > 0)
        chances.append(float(stats.ttest_1samp(gap, 0.0).pvalue) if testable else float("nan"))
    corrected = holm(np.array(chances))
    return {name: (differences[i], float(corrected[i])) for i, name in enumerate(others)}


def holm(p: Floats) -> Floats:
    """Holm's step-down correction (Scand J Stat 1979) of p values (K,); NaN stays and does not count as a test."""
    corrected = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    stepped = p[order] * (order.size - np.arange(order.size))
    corrected[order] = np.minimum(np.maximum.accumulate(stepped), 1.0) if order.size else stepped
    return corrected


def reliability_correlation(weights: pl.DataFrame) -> pl.DataFrame:
    """Spearman's correlation of a modality's weight with its known quality, over samples and severities.

    A row a system, seed, modality and fault, and one a modality over all faults (``fault`` is ``all``). Clean samples
    count in each. Constant weights correlate with nothing: 0.
    """
    rows = []
    for (system, seed, modality), group in weights.group_by("system", "seed", "modality", maintain_order=True):
        untouched = group.filter(pl.col("fault") == "")
        spoiled = group.filter(pl.col("fault") != "")
        parts: list[tuple[str, pl.DataFrame]] = [
            (str(name), part) for (name,), part in spoiled.group_by("fault", maintain_order=True)
        ]
        if not parts:
            continue
        for name, part in [*parts, ("all", spoiled)]:
            both = pl.concat([untouched, part])
            rows.append((system, seed, modality, name, spearman(both["weight"].to_numpy(), both["quality"].to_numpy())))
    schema = {"system": pl.String, "seed": pl.Int64, "modality": pl.String, "fault": pl.String, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def spearman(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation; 0 where one side is constant, NaN of fewer than two pairs."""
    if first.size < 2:
        return float("nan")
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(stats.spearmanr(first, second).statistic)


def by_system(table: pl.DataFrame, systems: Sequence[str]) -> dict[str, tuple[float, float | None]]:
    """Mean and standard deviation over seeds (None for one seed), by system where defined, in the given order."""
    found = {
        row["system"]: (row["mean"], row["std"]) for row in spread(table.drop_nulls("value")).iter_rows(named=True)
    }
    return {name: found[name] for name in systems if name in found}
