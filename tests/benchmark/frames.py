"""Rows of results and weights by hand."""

from __future__ import annotations

import polars as pl

from monai_app.benchmark.judging import SCHEMA, WEIGHTS_SCHEMA

Row = tuple[str, int, str, str, str, int, int, str, str, str, float | None]


def clean_row(system: str, metric: str, value: float | None, seed: int = 0, label: str = "mean") -> Row:
    return (system, seed, "clean", "", "", 0, 10, "death", label, metric, value)


def fault_row(
    system: str, modality: str, severity: int, value: float | None, metric: str = "auroc", label: str = "mean"
) -> Row:
    return (system, 0, "fault", modality, "noise", severity, 10, "death", label, metric, value)


def results_of(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def weights_of(rows: list[tuple[str, str, str, int, float]]) -> pl.DataFrame:
    """Of (system, modality, fault, severity, weight)."""
    full = [
        (s, 0, modality, fault, severity, 1 - severity / 5, weight) for s, modality, fault, severity, weight in rows
    ]
    return pl.DataFrame(full, schema=WEIGHTS_SCHEMA, orient="row")
