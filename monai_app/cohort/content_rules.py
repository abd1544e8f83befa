"""What the content of a cohort must satisfy before anything of it is written."""

from __future__ import annotations

import polars as pl

from monai_app.cohort.notes import check_note_lengths
from monai_app.cohort.spec import ModalitySpec, TaskKind, TaskSpec
from monai_app.core.errors import InputRejected

SPLITS = ("train", "tuning", "held_out")
"""The split names of MEDS."""


def check_one_split_each(splits: pl.DataFrame) -> None:
    """Each patient stands in one split.

    Raises:
        InputRejected: ``SUBJECT_IN_TWO_SPLITS``.
    """
    twice = splits.height - splits["subject_id"].n_unique()
    if twice:
        raise InputRejected(
            "SUBJECT_IN_TWO_SPLITS",
            "patients stand in more than one split",
            got=f"{twice} patients",
            expected="each patient in one split",
            remedy="Split by patient; results would be too good otherwise.",
        )


def check_splits(splits: pl.DataFrame) -> None:
    """Each patient stands in one split, and the splits have the names of MEDS.

    Raises:
        InputRejected: ``SUBJECT_IN_TWO_SPLITS``, ``SPLIT_UNKNOWN``.
    """
    check_one_split_each(splits)
    unknown = splits.filter(~pl.col("split").is_in(list(SPLITS)).fill_null(False)).height
    if unknown:
        raise InputRejected(
            "SPLIT_UNKNOWN",
            "patients stand in a split that MEDS does not name",
            got=f"{unknown} patients",
            expected=SPLITS,
        )


def check_notes(events: pl.DataFrame, modalities: ModalitySpec) -> None:
    """No note is longer than the limit of the spec.

    Raises:
        InputRejected: ``NOTE_TOO_LONG``.
    """
    if modalities.note is not None and "text_value" in events.columns:
        notes = events.filter(pl.col("code").is_in(list(modalities.note.codes)))["text_value"]
        check_note_lengths(notes.drop_nulls(), modalities.note.max_characters)


def check_label(task: TaskSpec, column: str, values: pl.Series) -> None:
    """Every label lies in the set of its task: 0/1, a class, or a finite number; null is unlabelled.

    Raises:
        InputRejected: ``LABEL_OUTSIDE_SET``.
    """
    known = values.drop_nulls()
    if task.kind is TaskKind.MULTICLASS:
        outside = ~known.cast(pl.String).is_in(list(task.classes))
        expected = ", ".join(task.classes)
    elif is_number(task, column):
        outside = ~known.cast(pl.Float64).is_finite()
        expected = "finite numbers"
    else:
        outside = ~known.cast(pl.Float64).is_in([0.0, 1.0])
        expected = "0 or 1"
    if outside.any():
        raise InputRejected(
            "LABEL_OUTSIDE_SET",
            f"task {task.name} has labels outside its set",
            got=f"{int(outside.sum())} rows",
            expected=expected,
            remedy="Correct the labels at the source; leave unknown ones empty.",
        )


def is_number(task: TaskSpec, column: str) -> bool:
    """Whether a label column holds numbers (a regression target or a survival time)."""
    return task.kind is TaskKind.REGRESSION or (task.kind is TaskKind.SURVIVAL and column == "time")
