"""Samples: (subject_id, prediction_time). Everything a model reads passes through here, cut at the prediction time."""

from __future__ import annotations

import polars as pl

from monai_app.cohort.content_rules import check_one_split_each
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected


def sample_table(cohort: Cohort, *, split: str | None = None, tasks: list[str] | None = None) -> pl.DataFrame:
    """Every labelled sample: sample (row number), subject_id, prediction_time, split; sorted, one row each.

    A cohort that defines no tasks at all (brought for prediction) gives one sample a patient, at the last event.

    Args:
        split: ``train``, ``tuning`` or ``held_out`` (MEDS names); None takes all.
        tasks: count a sample when any of these tasks labels it; None takes all tasks.

    Raises:
        InputRejected: ``EMPTY_COHORT`` when nothing is left; ``SUBJECT_IN_TWO_SPLITS``.
    """
    names = list(cohort.tasks) if tasks is None else tasks
    parts = [cohort.labels(name).select("subject_id", "prediction_time") for name in names]
    labelled = pl.concat(parts) if parts else _last_events(cohort)
    table = labelled.unique().join(checked_splits(cohort), on="subject_id", how="left")
    if split is not None:
        table = table.filter(pl.col("split") == split)
    if table.is_empty():
        raise InputRejected(
            "EMPTY_COHORT",
            "no labelled sample is left",
            got=f"0 samples in split {split or 'any'}",
            expected="at least one",
            remedy="Check the splits and labels with `monai-app cohort check`.",
        )
    return table.sort("subject_id", "prediction_time").with_row_index("sample")


def _last_events(cohort: Cohort) -> pl.DataFrame:
    """subject_id and the time of the last event as prediction_time; patients with static facts only are left out."""
    timed = cohort.events().filter(pl.col("time").is_not_null())
    return timed.group_by("subject_id").agg(pl.col("time").max().alias("prediction_time")).collect()


def checked_splits(cohort: Cohort) -> pl.DataFrame:
    """The split of every subject.

    Raises:
        InputRejected: ``SUBJECT_IN_TWO_SPLITS``.
    """
    splits = cohort.splits().select("subject_id", "split").unique()
    check_one_split_each(splits)
    return splits


def visible_events(cohort: Cohort, samples: pl.DataFrame) -> pl.LazyFrame:
    """The events each sample may see: static ones and those at or before its prediction time (MEDS convention).

    Returns:
        The event columns plus ``sample`` and ``prediction_time``.
    """
    keys = samples.lazy().select("sample", "subject_id", "prediction_time")
    joined = cohort.events().join(keys, on="subject_id", how="inner")
    return joined.filter(pl.col("time").is_null() | (pl.col("time") <= pl.col("prediction_time")))


def visible_images(cohort: Cohort, samples: pl.DataFrame) -> pl.DataFrame:
    """The images each sample may see: those at or before its prediction time, with ``sample``."""
    keys = samples.select("sample", "subject_id", "prediction_time")
    joined = cohort.images().join(keys, on="subject_id", how="inner")
    return joined.filter(pl.col("time") <= pl.col("prediction_time"))
