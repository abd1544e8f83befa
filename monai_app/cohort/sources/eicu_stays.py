"""Unit stays of eICU on one time axis a patient, and what is known of them at admission.

eICU gives minutes from each unit admission, and hospital stays in no order but their year: every hospital stay gets a
block of its own, far from the others, in which unit stays lie as their hospital admission offsets say.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from monai_app.cohort.censoring import censored, measured
from monai_app.cohort.sources.source_files import SourceFolder, numbers, subject_numbers
from monai_app.core.errors import InputRejected

FIRST_ADMISSION = datetime(2000, 1, 1)
"""Hospital admission of each patient's first block."""
BLOCK = timedelta(days=3653)
"""From one hospital stay of a patient to the next; longer than any window of a model."""
PREDICTION_HOURS = 24
"""Hours from the unit admission to the prediction."""

_GENDER = {"Male": "M", "Female": "F", "Unknown": None, "Other": None, "": None}
_NUMBERS = ("patientunitstayid", "patienthealthsystemstayid", "hospitaladmitoffset", "hospitaldischargeoffset")
_MORE_NUMBERS = ("unitdischargeoffset", "hospitaldischargeyear", "hospitalid", "admissionheight", "admissionweight")
_TEXTS = ("uniquepid", "gender", "age", "ethnicity", "hospitaldischargestatus", "unittype", "unitadmitsource")

STAY_CODES: dict[str, tuple[str, str | None]] = {
    "ETHNICITY": ("ethnicity", None),
    "HOSPITAL": ("number of the hospital", None),
    "REGION": ("region of the hospital", None),
    "UNIT_TYPE": ("type of the unit", None),
    "UNIT_ADMIT_SOURCE": ("where the patient came to the unit from", None),
}
"""Codes of facts that are events but no default inputs."""


def read_stays(folder: SourceFolder) -> pl.DataFrame:
    """One row a unit stay: subject_id, unit_admission, prediction_time, region and the columns of ``patient``.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``VALUE_INVALID``, ``STAY_DUPLICATE``.
    """
    wanted = (*_NUMBERS, *_MORE_NUMBERS, *_TEXTS)
    stays = folder.table("eicu_demo/patient.csv", "patient.csv", columns=wanted)
    stays = numbers(stays, _NUMBERS, pl.Int64, table="patient")
    stays = numbers(stays, _MORE_NUMBERS, pl.Float64, table="patient")
    needed = ("uniquepid", *_NUMBERS, "unitdischargeoffset", "hospitaldischargeyear")
    if empty := [name for name in needed if stays[name].null_count()]:
        raise InputRejected(
            "VALUE_INVALID", "patient has empty fields", got=f"columns {', '.join(empty)}", expected="a value in each"
        )
    if stays["patientunitstayid"].is_duplicated().any():
        raise InputRejected("STAY_DUPLICATE", "patient names a unit stay twice", expected="one row a unit stay")
    block = pl.struct("hospitaldischargeyear", "patienthealthsystemstayid").rank("dense").over("uniquepid") - 1
    start = pl.lit(FIRST_ADMISSION) + block.cast(pl.Int64) * pl.lit(BLOCK)
    return stays.with_columns(
        subject_numbers(pl.col("uniquepid"), "eicu").alias("subject_id"),
        (start - pl.duration(minutes=pl.col("hospitaladmitoffset"))).alias("unit_admission"),
        pl.col("hospitalid").cast(pl.Int64).alias("hospital"),
    ).with_columns(
        (pl.col("unit_admission") + pl.duration(hours=PREDICTION_HOURS)).alias("prediction_time"),
    )


def stay_facts(folder: SourceFolder, stays: pl.DataFrame) -> pl.DataFrame:
    """What is known at each unit admission, as events at its minute.

    Raises:
        InputRejected: ``VALUE_INVALID``, ``MISSING_COLUMN``.
    """
    unknown = stays.filter(pl.col("gender").is_not_null() & ~pl.col("gender").is_in(list(_GENDER))).height
    if unknown:
        raise InputRejected("VALUE_INVALID", "patient, column gender, holds other words", got=f"{unknown} rows")
    if stays.filter(pl.col("age").is_not_null() & (pl.col("age") != "") & censored(pl.col("age")).is_null()).height:
        raise InputRejected("VALUE_INVALID", "patient, column age, holds text", expected="years or '> 89'")
    texts = {
        "GENDER": pl.col("gender").replace_strict(_GENDER, default=None, return_dtype=pl.String),
        "ETHNICITY": pl.col("ethnicity"),
        "HOSPITAL": pl.col("hospital").cast(pl.String),
        "REGION": pl.col("region"),
        "UNIT_TYPE": pl.col("unittype"),
        "UNIT_ADMIT_SOURCE": pl.col("unitadmitsource"),
    }
    numeric = {
        "AGE": (measured(pl.col("age")), censored(pl.col("age"))),
        "HEIGHT": (pl.col("admissionheight"), pl.lit(0, pl.Int8)),
        "WEIGHT": (pl.col("admissionweight"), pl.lit(0, pl.Int8)),
    }
    known = stays.join(_regions(folder), on="hospital", how="left", maintain_order="left")
    keys = (pl.col("subject_id"), pl.col("unit_admission").alias("time"))
    frames = [
        known.select(*keys, pl.lit(code).alias("code"), text.alias("text_value")).drop_nulls("text_value")
        for code, text in texts.items()
    ] + [
        known.select(*keys, pl.lit(code).alias("code"), value.alias("numeric_value"), flag.alias("censored")).filter(
            pl.col("numeric_value").is_not_null() | (pl.col("censored") != 0)
        )
        for code, (value, flag) in numeric.items()
    ]
    return pl.concat(frames, how="diagonal").unique(maintain_order=True)


def _regions(folder: SourceFolder) -> pl.DataFrame:
    """Region by hospital; unknown where the table is absent."""
    if folder.find("eicu_demo/hospital.csv", "hospital.csv") is None:
        return pl.DataFrame(schema={"hospital": pl.Int64, "region": pl.String})
    table = folder.table("eicu_demo/hospital.csv", "hospital.csv", columns=("hospitalid", "region"))
    typed = numbers(table, ("hospitalid",), pl.Int64, table="hospital")
    return typed.select(pl.col("hospitalid").alias("hospital"), "region").unique("hospital")


def place(rows: pl.DataFrame, stays: pl.DataFrame, *, minutes: str) -> pl.DataFrame:
    """Put rows of unit stays on their patients' axes: adds subject_id and time; rows of unknown stays are dropped.

    Args:
        rows: with patientunitstayid (Int64) and the column ``minutes`` from the unit admission.
        stays: from :func:`read_stays`.
        minutes: name of that column.
    """
    axis = stays.select("patientunitstayid", "subject_id", "unit_admission")
    joined = rows.join(axis, on="patientunitstayid", how="inner", maintain_order="left")
    time = pl.col("unit_admission") + pl.duration(minutes=pl.col(minutes))
    return joined.with_columns(time.alias("time")).drop("unit_admission")
