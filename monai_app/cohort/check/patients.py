"""Patients in two splits, without a split, and after their death."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from meds import death_code

from monai_app.cohort.check.findings import Finding, Severity
from monai_app.cohort.content_rules import SPLITS
from monai_app.cohort.store import Cohort

LATE_RESULT_HOURS = 24
"""Results are filed, and days of death rounded, up to a day after death; later events belong to someone else."""


def check_splits(cohort: Cohort) -> Iterator[Finding]:
    """Each labelled patient stands in exactly one split of MEDS."""
    splits = cohort.splits().select("subject_id", "split").unique()
    twice = splits.height - splits["subject_id"].n_unique()
    if twice:
        yield Finding(
            "SUBJECT_IN_TWO_SPLITS",
            Severity.ERROR,
            "patients stand in more than one split",
            twice,
            "Split by patient; results would be too good otherwise.",
        )
    unknown = splits.filter(~pl.col("split").is_in(list(SPLITS)).fill_null(False)).height
    if unknown:
        yield Finding(
            "SPLIT_UNKNOWN", Severity.ERROR, "patients stand in a split that MEDS does not name", unknown, "Rename it."
        )
    homeless = _labelled(cohort).join(splits, on="subject_id", how="anti")["subject_id"].n_unique()
    if homeless:
        yield Finding(
            "SPLIT_MISSING", Severity.ERROR, "labelled patients stand in no split", homeless, "Place every patient."
        )


def check_death(cohort: Cohort) -> Iterator[Finding]:
    """Nothing is measured in, and nothing predicted for, the dead."""
    death = (
        cohort.events()
        .filter((pl.col("code") == death_code) & pl.col("time").is_not_null())
        .group_by("subject_id")
        .agg(pl.col("time").min().alias("death"))
    )
    after = cohort.events().join(death, on="subject_id").filter(pl.col("time") > pl.col("death"))
    late = (pl.col("time") - pl.col("death")) > pl.duration(hours=LATE_RESULT_HOURS)
    counts = after.select(late.sum().alias("late"), (~late).sum().alias("filed")).collect().row(0, named=True)
    if counts["late"]:
        yield Finding(
            "EVENTS_AFTER_DEATH",
            Severity.ERROR,
            f"events lie more than {LATE_RESULT_HOURS} h after the death of their patient",
            counts["late"],
            "Patients were mixed up, or a time of death is wrong.",
        )
    if counts["filed"]:
        yield Finding(
            "EVENTS_FILED_AFTER_DEATH",
            Severity.WARNING,
            f"events lie up to {LATE_RESULT_HOURS} h after the death of their patient",
            counts["filed"],
            "Usual for results that were filed late and for deaths known by the day.",
        )
    dead = _labelled(cohort).join(death.collect(), on="subject_id").filter(pl.col("prediction_time") >= pl.col("death"))
    if dead.height:
        yield Finding(
            "PREDICTION_AFTER_DEATH", Severity.ERROR, "predictions lie after death", dead.height, "Drop these samples."
        )


def _labelled(cohort: Cohort) -> pl.DataFrame:
    """subject_id, prediction_time of every labelled sample."""
    frames = [cohort.labels(name).select("subject_id", "prediction_time") for name in cohort.tasks]
    return pl.concat(frames).unique()
