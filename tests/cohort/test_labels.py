"""Labels and groups as arrays: unlabelled is NaN, unknown is said so."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.labels import group_values, label_values, labelled_tasks
from monai_app.cohort.samples import sample_table, visible_events
from monai_app.cohort.spec import TaskSpec
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import TASKS, event, small_content, usual_rows

NAN = float("nan")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    rows = [row for row in usual_rows() if row[:3:2] != (4, "AGE")] + [event(2, 1, "GENDER", None, "F")]
    path = tmp_path_factory.mktemp("cohort") / "small"
    write_cohort(path, small_content(rows=rows))
    return Cohort(path)


@pytest.fixture(scope="module")
def samples(cohort: Cohort) -> pl.DataFrame:
    return sample_table(cohort)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("death", [[1], [0], [0], [1]]),
        ("diagnosis", [[1, 0], [0, NAN], [1, 1], [0, 1]]),
        ("place", [[2], [NAN], [0], [1]]),
        ("stay", [[3.5], [NAN], [10], [1]]),
        ("survival", [[2, 1], [30, 0], [30, 0], [5, 1]]),
    ],
)
def test_labels_have_the_columns_of_their_kind(
    cohort: Cohort, samples: pl.DataFrame, task: str, expected: list[list[float]]
) -> None:
    values = label_values(cohort, cohort.tasks[task], samples)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, np.array(expected, np.float32))


def test_labels_follow_the_order_of_the_samples(cohort: Cohort, samples: pl.DataFrame) -> None:
    turned = samples.reverse()
    expected = label_values(cohort, cohort.tasks["stay"], samples)
    np.testing.assert_array_equal(label_values(cohort, cohort.tasks["stay"], turned), expected)


def test_task_that_a_cohort_has_no_labels_for_is_unlabelled(cohort: Cohort, samples: pl.DataFrame) -> None:
    other = TaskSpec(name="other", kind="multilabel", classes=("a", "b"))
    assert np.isnan(label_values(cohort, other, samples)).all()
    assert labelled_tasks(cohort, (*TASKS[:1], other)) == ["death"]


def test_task_of_another_meaning_is_refused(cohort: Cohort) -> None:
    with pytest.raises(InputRejected, match=r"TASK_MISMATCH.*stay"):
        labelled_tasks(cohort, (TaskSpec(name="stay", kind="regression", unit="h"),))


def test_groups_are_the_last_known_attributes(cohort: Cohort, samples: pl.DataFrame) -> None:
    groups = group_values(visible_events(cohort, samples), {"sex": "GENDER", "age_years": "AGE", "site": "SITE"}, 4)
    assert groups["sex"] == ["F", "F", "F", "M"]
    assert groups["site"] == ["unknown"] * 4
    np.testing.assert_array_equal(groups["age_years"], [41, 42, 43, NAN])
