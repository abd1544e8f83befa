"""ICU stays of MIMIC as samples: what is known at admission, and the labels that discharge reveals.

A sample is an adult ICU stay of at least 48 h at 48 h after its beginning, as in Harutyunyan et al., "Multitask
learning and benchmarking with clinical time series data", Scientific Data 6:96, 2019; unlike there, patients with
several stays keep them all.
"""

from __future__ import annotations

import polars as pl

from monai_app.cohort.sources.source_files import labels_from_text
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.core.random import derive_seed

PREDICTION_HOURS = 48
"""Hours from the beginning of the ICU stay to the prediction; the series of the spec covers just these."""
ADULT_YEARS = 18

STAY_COLUMNS: dict[str, type[pl.DataType] | pl.DataType] = {
    "subject_id": pl.Int64,
    "hadm_id": pl.Int64,
    "stay_id": pl.Int64,
    "intime": pl.Datetime("us"),
    "outtime": pl.Datetime("us"),
    "admittime": pl.Datetime("us"),
    "deathtime": pl.Datetime("us"),
    "died_in_hospital": pl.Boolean,
    "age_years": pl.Float64,
    "age_limit": pl.Int8,
    "gender": pl.String,
    "ethnicity": pl.String,
    "admission_type": pl.String,
    "care_unit": pl.String,
}
"""What both versions of MIMIC are brought to; ``age_limit`` is +1 where the age is only known to be above 89."""

STAY_CODES: dict[str, tuple[str, str | None]] = {
    "ETHNICITY": ("ethnicity", None),
    "CARE_UNIT": ("first care unit of the ICU stay", None),
    "MEDS_DEATH": ("death", None),
}
"""Codes of facts that are events but no default inputs."""

TASKS = (
    TaskSpec(
        name="mortality",
        kind=TaskKind.BINARY,
        description=f"death in hospital, later than {PREDICTION_HOURS} h after the beginning of the ICU stay",
    ),
    TaskSpec(name="length_of_stay", kind=TaskKind.REGRESSION, description="days of the whole ICU stay", unit="d"),
)
NEVER_INPUTS = (
    "admissions.dischtime",
    "admissions.deathtime",
    "admissions.discharge_location",
    "admissions.hospital_expire_flag",
    "patients.dod",
    "patients.expire_flag",
    "icustays.outtime",
    "icustays.los",
    "icustays.last_careunit",
    "diagnoses_icd",
)
"""Columns that tell the outcome; deaths are events of their own time, which no sample reaches."""


def samples_of(stays: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The stays that are samples, with ``prediction_time``, and what was left out.

    Args:
        stays: the columns of :data:`STAY_COLUMNS`.

    Raises:
        InputRejected: ``STAY_DUPLICATE``, ``EMPTY_COHORT``.
    """
    if stays["stay_id"].is_duplicated().any():
        raise InputRejected("STAY_DUPLICATE", "icustays names a stay twice", expected="one row a stay")
    timed = stays.with_columns((pl.col("intime") + pl.duration(hours=PREDICTION_HOURS)).alias("prediction_time"))
    adult = timed.filter((pl.col("age_years") >= ADULT_YEARS) | (pl.col("age_limit") != 0))
    alive = pl.col("deathtime").is_null() | (pl.col("deathtime") > pl.col("prediction_time"))
    kept = adult.filter((pl.col("outtime") >= pl.col("prediction_time")) & alive)
    kept = kept.unique(["subject_id", "prediction_time"], keep="first", maintain_order=True)
    if kept.is_empty():
        raise InputRejected(
            "EMPTY_COHORT",
            f"no adult ICU stay lasts {PREDICTION_HOURS} h",
            got=f"{stays.height} stays",
            expected="at least one",
        )
    changes = (
        f"a sample lies {PREDICTION_HOURS} h after the beginning of an ICU stay of a living patient who is still "
        f"there: {kept.height} of {stays.height} stays; {stays.height - adult.height} stays of patients below "
        f"{ADULT_YEARS} years left out; several stays of a patient are several samples",
    )
    return kept.sort("subject_id", "prediction_time"), changes


def stay_facts(stays: pl.DataFrame) -> pl.DataFrame:
    """What is known when an ICU stay begins, as events of that time; sex is static."""
    texts = {"ETHNICITY": "ethnicity", "ADMISSION_TYPE": "admission_type", "CARE_UNIT": "care_unit"}
    keys = (pl.col("subject_id"), pl.col("intime").alias("time"))
    frames = [
        stays.select(*keys, pl.lit(code).alias("code"), pl.col(column).alias("text_value")).drop_nulls("text_value")
        for code, column in texts.items()
    ]
    frames.append(
        stays.select("subject_id", pl.lit("GENDER").alias("code"), pl.col("gender").alias("text_value"))
        .drop_nulls()
        .unique(maintain_order=True)
    )
    age = pl.when(pl.col("age_limit") == 0).then("age_years").cast(pl.Float32).alias("numeric_value")
    frames.append(stays.select(*keys, pl.lit("AGE").alias("code"), age, pl.col("age_limit").alias("censored")))
    return pl.concat(frames, how="diagonal")


def death_events(admissions: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
    """Deaths as events: at their minute in hospital; elsewhere, known by day only, at the last second of that day.

    Args:
        admissions: subject_id, deathtime.
        patients: subject_id, dod (a day).
    """
    inside = admissions.drop_nulls("deathtime").group_by("subject_id").agg(pl.col("deathtime").max().alias("time"))
    day_end = pl.col("dod").dt.truncate("1d") + pl.duration(days=1, seconds=-1)
    outside = patients.drop_nulls("dod").join(inside, on="subject_id", how="anti")
    deaths = pl.concat([inside, outside.select("subject_id", day_end.alias("time"))])
    return deaths.with_columns(pl.lit("MEDS_DEATH").alias("code"))


def end_of_life(admissions: pl.DataFrame) -> pl.DataFrame:
    """Admissions with ``died_in_hospital``; a death in hospital without a minute gets that of the discharge.

    Args:
        admissions: deathtime, dischtime, hospital_expire_flag (text).

    Raises:
        InputRejected: ``LABEL_OUTSIDE_SET``.
    """
    died = labels_from_text(admissions, "hospital_expire_flag", {"0": False, "1": True}, task="mortality")
    flagged = admissions.with_columns(died.fill_null(False).alias("died_in_hospital"))
    minute = pl.coalesce("deathtime", pl.when("died_in_hospital").then("dischtime"))
    return flagged.with_columns(minute.alias("deathtime"))


def stay_labels(samples: pl.DataFrame) -> dict[str, dict[str, pl.DataFrame]]:
    """The labels of :data:`TASKS`."""
    keys = ("subject_id", "prediction_time")
    days = (pl.col("outtime") - pl.col("intime")).dt.total_seconds() / 86_400
    return {
        "mortality": {"value": samples.select(*keys, pl.col("died_in_hospital").alias("value"))},
        "length_of_stay": {"value": samples.select(*keys, days.alias("value"))},
    }


def with_tuning(splits: pl.DataFrame, rule: str) -> tuple[pl.DataFrame, str]:
    """Give a split without tuning patients some: about one in six of its train patients."""
    if (splits["split"] == "tuning").any():
        return splits, rule
    chosen = [subject for subject in splits["subject_id"] if derive_seed("mimic tuning", subject) % 6 == 0]
    moved = pl.when((pl.col("split") == "train") & pl.col("subject_id").is_in(chosen)).then(pl.lit("tuning"))
    return (
        splits.with_columns(moved.otherwise("split").alias("split")),
        f"{rule}; it has no tuning patients: about one in six of the train patients, by a hash of the patient",
    )
