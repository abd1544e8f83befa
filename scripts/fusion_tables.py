#!/usr/bin/env python
"""Print the tables of bundles/multimodal_diagnosis/docs/fusion_benchmark.md of a finished `monai-app benchmark fusion`.

.venv/bin/python scripts/fusion_tables.py runs/bench_eicu
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from monai_app.benchmark.compare import (
    by_system,
    clean,
    drops,
    drops_by_modality,
    over_tasks,
    paired_tests,
    reliability_correlation,
)
from monai_app.benchmark.conditions import Kind
from monai_app.benchmark.judging import SITE
from monai_app.core.loading import read_json

METRICS = {"AUROC": "auroc", "AUPRC": "auprc", "ECE": "ece", "ECE, scaled": "ece_scaled"}
Numbers = Mapping[str, tuple[float, float | None]]


def short(value: float, digits: int = 3) -> str:
    """.123 for 0.123."""
    return f"{value:.{digits}f}".replace("0.", ".", 1)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table and an empty line."""
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(row) + " |")
    print()


def told(numbers: Numbers, name: str, form: str = "") -> str:
    """A mean, with ± where asked for; nothing where it was not measured."""
    if name not in numbers:
        return ""
    mean, std = numbers[name]
    if form == "%":
        return f"{mean:.1f} %"
    return short(mean) + (f" ± {short(std)}" if form == "±" and std is not None else "")


def overview(results: pl.DataFrame, names: Sequence[str]) -> None:
    """Discrimination, calibration, rejection and what faults cost, a row a system."""
    columns = {head: by_system(clean(results, metric), names) for head, metric in METRICS.items()}
    errors, kept = (by_system(clean(results, metric), names) for metric in ("error", "error_kept"))
    lost = drops_by_modality(results)
    modalities = lost["modality"].unique(maintain_order=True).to_list()
    by_modality = {m: by_system(lost.filter(pl.col("modality") == m), names) for m in modalities}
    tests = paired_tests(clean(results, "auroc"), "early")
    rows = []
    for name in names:
        p = tests.get(name, (0.0, float("nan")))[1]
        row = [name, told(columns["AUROC"], name, "±"), "" if p != p else short(p, 2)]
        row += [told(columns[head], name, "±") for head in list(METRICS)[1:]]
        row += [f"{told(errors, name)}, {told(kept, name)}"]
        rows.append(row + [told(by_modality[m], name, "%") for m in modalities])
    heads = ["system", "AUROC", "p", *list(METRICS)[1:], "error, kept 80 %", *(f"faults: {m}" for m in modalities)]
    table(heads, rows)


def by_condition(results: pl.DataFrame, names: Sequence[str], kind: str, column: str) -> None:
    """AUROC a condition of one kind, a row a system."""
    rows = over_tasks(results, "auroc").filter(pl.col("kind") == kind)
    conditions = rows[column].unique(maintain_order=True).to_list()
    found = {key: by_system(rows.filter(pl.col(column) == key), names) for key in conditions}
    if conditions:
        table(["system", *conditions], [[name, *(told(found[key], name) for key in conditions)] for name in names])


def costly(results: pl.DataFrame, names: Sequence[str]) -> None:
    """The faults at which early fusion loses more than 10 %, and what they cost each system."""
    keys = ["modality", "fault", "severity"]
    lost = drops(results).group_by("system", *keys, maintain_order=True).agg(pl.col("drop_percent").mean())
    early = lost.filter((pl.col("system") == "early") & (pl.col("drop_percent") > 10)).sort("drop_percent")
    rows = []
    for row in early.reverse().iter_rows(named=True):
        here = lost.filter(pl.all_horizontal(pl.col(key) == row[key] for key in keys))
        values = dict(here.select("system", "drop_percent").iter_rows())
        cells = [f"{values[name]:.1f}" if values.get(name) is not None else "" for name in names]
        rows.append([f"{row['modality']}: {row['fault']} {row['severity']}", *cells])
    if rows:
        table(["percent lost", *names], rows)


def main(folder: Path) -> None:
    """Print all tables of a run."""
    results, weights = (pl.read_parquet(folder / f"{name}.parquet") for name in ("results", "weights"))
    names = results["system"].unique(maintain_order=True).to_list()
    overview(results, names)
    correlation = reliability_correlation(weights).filter(pl.col("fault") == "all")
    modalities = correlation["modality"].unique(maintain_order=True).to_list()
    found = {m: by_system(correlation.filter(pl.col("modality") == m), names) for m in modalities}
    using = [name for name in names if any(name in numbers for numbers in found.values())]
    table(["system", *modalities], [[name, *(told(found[m], name) for m in modalities)] for name in using])
    by_condition(results, names, Kind.MISSING.value, "modality")
    by_condition(results, names, SITE, "fault")
    costly(results, names)
    claims = read_json(folder / "claims.json")
    verdict = {True: "holds", False: "does not hold", None: "cannot be judged"}
    table(["claim", "measured", ""], [[claim["what"], claim["measured"], verdict[claim["met"]]] for claim in claims])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
