"""Hourly values of eICU as YAIB extracts them: 48 vitals and laboratory values of each hour of a unit stay.

van de Water et al., "Yet Another ICU Benchmark", ICLR 2024. An hour's value lies at the end of that hour, when
it is known.
"""

from __future__ import annotations

import polars as pl

from monai_app.cohort.sources.eicu_stays import place
from monai_app.cohort.sources.source_files import SourceFolder
from monai_app.cohort.spec import SeriesSpec

TASK = "los"
"""The YAIB task whose stays are taken: it holds those of every other task."""


def read_hourly(folder: SourceFolder, stays: pl.DataFrame, series: SeriesSpec) -> pl.DataFrame:
    """The hourly values as events; column ``crea`` has the code ``CREA``.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``.
    """
    codes = [code for channel in series.channels for code in channel.codes]
    columns = [code.lower() for code in codes]
    table = folder.table(f"yaib_hourly/{TASK}/dyn.parquet", columns=("stay_id", "time", *columns))
    hours = table.select(
        pl.col("stay_id").cast(pl.Int64).alias("patientunitstayid"),
        ((pl.col("time").dt.total_hours() + 1) * 60).alias("minute"),
        *(pl.col(column).cast(pl.Float64).alias(code) for column, code in zip(columns, codes, strict=True)),
    )
    long = hours.unpivot(
        codes, index=["patientunitstayid", "minute"], variable_name="code", value_name="numeric_value"
    ).drop_nulls("numeric_value")
    return place(long, stays, minutes="minute").select("subject_id", "time", "code", "numeric_value")
