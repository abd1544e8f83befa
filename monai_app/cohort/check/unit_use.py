"""Numbers need a unit, and models need the unit that they were told."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from monai_app.cohort.check.findings import Finding, Severity
from monai_app.cohort.codes import code_table
from monai_app.cohort.store import Cohort
from monai_app.cohort.units import UCUM_CODES


def check_units(cohort: Cohort) -> Iterator[Finding]:
    """Codes with numbers but no unit, with a unit that is no UCUM code we know, or another one than the spec's."""
    numeric = cohort.events().filter(pl.col("numeric_value").is_not_null()).select("code").unique().collect()
    used = numeric.join(cohort.codes().select("code", "unit"), on="code", how="left")
    expected = code_table(cohort.record.modalities).select("code", pl.col("unit").alias("wanted"))
    read = used.join(expected.drop_nulls("wanted"), on="code", how="left")
    silent = read.filter(pl.col("unit").is_null())
    needed = silent.filter(pl.col("wanted").is_not_null()).height
    if needed:
        yield Finding(
            "UNIT_MISSING",
            Severity.ERROR,
            "codes that models read as numbers have no unit",
            needed,
            "State the unit in metadata/codes.parquet.",
        )
    if silent.height > needed:
        yield Finding(
            "UNIT_MISSING_UNUSED",
            Severity.WARNING,
            "codes with numbers, read by no model, have no unit",
            silent.height - needed,
            "State the unit before a model reads them.",
        )
    strange = read.filter(pl.col("unit").is_not_null() & ~pl.col("unit").is_in(sorted(UCUM_CODES)))
    if strange.height:
        names = ", ".join(strange["unit"].unique().sort().head(5))
        yield Finding(
            "UNIT_UNKNOWN", Severity.WARNING, f"units that are not known: {names}", strange.height, "Use UCUM."
        )
    other = read.filter(pl.col("wanted").is_not_null() & (pl.col("unit") != pl.col("wanted"))).height
    if other:
        yield Finding(
            "UNIT_MISMATCH",
            Severity.ERROR,
            "codes have another unit than the cohort's own spec",
            other,
            "Convert on ingest, or correct the spec.",
        )
