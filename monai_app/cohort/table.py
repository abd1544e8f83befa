"""The table modality: the last known value of each field at the prediction time, and whether it lies beyond a limit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from monai_app.cohort.facts import as_text, collect_facts, last_known
from monai_app.cohort.spec import TableField, TableSpec
from monai_app.core.errors import InputRejected


def table_values(events: pl.LazyFrame, spec: TableSpec, n_samples: int) -> npt.NDArray[np.float32]:
    """The table of every sample.

    A numeric field is the latest value inside its range; a value beyond a detection limit is NaN with the flag -1 or
    +1. A categorical field is one column a category: 1 for the latest one, all 0 for a category that the spec does not
    name, all NaN when nothing is known.

    Args:
        events: visible events with ``sample``.
        spec: the fields.
        n_samples: N.

    Returns:
        ``(N, 2, F)`` float32: values (raw units, NaN unknown) and censored flags.
    """
    facts = collect_facts(events, [code for field in spec.fields for code in field.codes])
    columns = [_column_block(facts, field, n_samples) for field in spec.fields]
    return np.concatenate(columns, axis=2) if columns else np.zeros((n_samples, 2, 0), np.float32)


def table_present(table: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Whether anything is known of a sample: ``(N, 2, F) -> (N,)``."""
    known: npt.NDArray[np.bool_] = (np.isfinite(table[:, 0]) | (table[:, 1] != 0)).any(axis=1)
    return known


def check_table_units(codes: pl.DataFrame, spec: TableSpec) -> None:
    """Compare the units of a cohort's code table with those the numeric fields expect.

    Raises:
        InputRejected: ``UNIT_MISMATCH`` naming the fields.
    """
    units = dict(codes.select("code", "unit").iter_rows())
    numeric = [field for field in spec.fields if field.kind == "numeric"]
    wrong = [
        field.name for field in numeric if any(code in units and units[code] != field.unit for code in field.codes)
    ]
    if wrong:
        raise InputRejected(
            "UNIT_MISMATCH",
            "table fields have codes in another unit than the model expects",
            got=wrong,
            expected="the UCUM unit of the field",
            remedy="Convert on ingest, or correct the unit in the cohort's YAML.",
        )


def _column_block(facts: pl.DataFrame, field: TableField, n_samples: int) -> npt.NDArray[np.float32]:
    """``(N, 2, columns of the field)``."""
    block = np.full((n_samples, 2, len(field.columns)), np.nan, np.float32)
    block[:, 1] = 0
    if field.kind == "numeric":
        latest = last_known(_inside(facts, field), field.codes, hours=field.hours)
        rows = latest["sample"].to_numpy()
        block[rows, 0, 0] = latest["numeric_value"].cast(pl.Float32).fill_null(np.nan).to_numpy()
        flags = latest.select(pl.when(pl.col("numeric_value").is_null()).then(pl.col("censored")).otherwise(0))
        block[rows, 1, 0] = flags.to_series().fill_null(0).to_numpy()
        return block
    latest = last_known(facts, field.codes, hours=field.hours)
    latest = latest.select("sample", as_text().alias("text")).drop_nulls("text")
    rows = latest["sample"].to_numpy()
    for index, category in enumerate(field.categories):
        block[rows, 0, index] = (latest["text"] == category).to_numpy()
    return block


def _inside(facts: pl.DataFrame, field: TableField) -> pl.DataFrame:
    """Facts a numeric field can use: values within its range, and censored ones."""
    value = pl.col("numeric_value")
    above = pl.lit(True) if field.low is None else value >= field.low
    below = pl.lit(True) if field.high is None else value <= field.high
    limit = value.is_null() & (pl.col("censored").fill_null(0) != 0)
    return facts.filter((value.is_not_null() & above & below) | limit)
