"""Rules on content hold for every label kind; sound content passes, null is unlabelled."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.content_rules import check_label, check_notes, check_splits, is_number
from monai_app.cohort.spec import ModalitySpec, NoteSpec
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import MODALITIES, TASKS, event, events

TASK = {task.name: task for task in TASKS}


@pytest.mark.parametrize(
    ("task", "column", "values"),
    [
        ("death", "value", [True, False, None]),
        ("death", "value", [0, 1]),
        ("diagnosis", "oedema", [1.0, None]),
        ("place", "value", ["home", None]),
        ("stay", "value", [-3.5, 0.0]),
        ("survival", "time", [2.5, 400.0]),
    ],
)
def test_sound_labels_pass(task: str, column: str, values: list) -> None:
    check_label(TASK[task], column, pl.Series(values))


@pytest.mark.parametrize(
    ("task", "column", "values"),
    [
        ("death", "value", [2]),
        ("diagnosis", "oedema", [0.5]),
        ("place", "value", ["moon", "home"]),
        ("stay", "value", [float("inf")]),
        ("survival", "event", [-1]),
        ("survival", "time", [float("nan")]),
    ],
)
def test_labels_outside_their_set_are_counted_and_refused(task: str, column: str, values: list) -> None:
    with pytest.raises(InputRejected, match=r"LABEL_OUTSIDE_SET.*1 rows"):
        check_label(TASK[task], column, pl.Series(values))


def test_only_targets_and_times_are_numbers() -> None:
    assert [is_number(task, column) for task in TASKS for column in task.columns] == [False] * 4 + [True, True, False]


@pytest.mark.parametrize(("names", "code"), [(["train", "test"], "SPLIT_UNKNOWN"), (["train", None], "SPLIT_UNKNOWN")])
def test_split_names_are_those_of_meds(names: list, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        check_splits(pl.DataFrame({"subject_id": [1, 2], "split": names}))


def test_patient_in_two_splits_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"SUBJECT_IN_TWO_SPLITS.*1 patients"):
        check_splits(pl.DataFrame({"subject_id": [1, 1, 2], "split": ["train", "tuning", "train"]}))


def test_only_notes_are_measured() -> None:
    long = [event(1, 1, "NOTE//radiology", None, "abcdef"), event(1, 1, "OTHER", None, "abcdefgh" * 9)]
    check_notes(events(long), MODALITIES)
    short = ModalitySpec(note=NoteSpec(codes=("NOTE//radiology",), max_characters=5))
    with pytest.raises(InputRejected, match=r"NOTE_TOO_LONG.*1 notes"):
        check_notes(events(long), short)
