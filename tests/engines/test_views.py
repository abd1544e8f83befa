"""What is measured: labelled samples only, thresholds from tuning, classes as binary labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monai_app.cohort.spec import TaskSpec
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.views import choice_view, class_views, is_classification, survival_view, value_view
from tests.engines.simulated import TASKS

NAN = float("nan")


def task(score: Any, label: Any, **spec: Any) -> TaskPredictions:
    made = TaskSpec.parse({"name": "t", "kind": "binary", **spec})
    return TaskPredictions(made, np.array(score, float), np.array(label, float))


def test_unlabelled_samples_are_left_out_and_rows_point_back() -> None:
    (view,) = class_views(task([[0.1], [0.9], [0.7]], [[0], [NAN], [1]]), None)
    assert view.rows.tolist() == [0, 2] and view.label.tolist() == [0, 1] and view.score.tolist() == [0.1, 0.7]
    assert (view.positives, view.prevalence) == (1, 0.5)


def test_decisions_follow_the_threshold_of_tuning_and_not_the_test_labels() -> None:
    test = task([[0.1], [0.2], [0.28], [0.4]], [[1], [1], [0], [0]])
    tuning = task([[0.05], [0.15], [0.25], [0.35]], [[0], [0], [0], [1]])
    (view,) = class_views(test, tuning)
    assert view.decision.tolist() == [0, 0, 0, 1]
    (fixed,) = class_views(test, None)
    assert fixed.decision.tolist() == [0, 0, 0, 0]


def test_each_class_of_a_multilabel_task_has_its_own_samples() -> None:
    first, second = class_views(
        task([[0.1, 0.2], [0.3, 0.4]], [[0, NAN], [1, 1]], kind="multilabel", classes=("a", "b")), None
    )
    assert (first.name, first.rows.tolist(), second.name, second.rows.tolist()) == ("a", [0, 1], "b", [1])


def test_multiclass_decides_for_the_most_probable_class() -> None:
    predictions = task([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], [[1], [2]], kind="multiclass", classes=("a", "b", "c"))
    assert choice_view(predictions).choice.tolist() == [0, 2]
    decisions = [view.decision.tolist() for view in class_views(predictions, None)]
    assert decisions == [[1, 0], [0, 0], [0, 1]]


def test_view_of_a_subgroup_keeps_its_rows() -> None:
    (view,) = class_views(task([[0.1], [0.9], [0.7]], [[0], [NAN], [1]]), None)
    assert view.within(np.array([False, True, True])).rows.tolist() == [2]


def test_values_and_survival_times_are_those_labelled() -> None:
    value = value_view(task([[3.0], [4.0]], [[NAN], [5.0]], kind="regression"))
    assert (value.label.tolist(), value.value.tolist()) == ([5.0], [4.0])
    edges = {"kind": "survival", "bin_edges": (1, 7)}
    survival = survival_view(task([[0.9, 0.8], [0.7, 0.1]], [[3.0, 1], [NAN, NAN]], **edges))
    assert (survival.time.tolist(), survival.event.tolist(), survival.edges.tolist()) == ([3.0], [True], [1, 7])


@pytest.mark.parametrize("name", TASKS)
def test_only_classes_are_classified(name: str) -> None:
    assert is_classification(TASKS[name]) is (name in ("mortality", "findings", "phenotype"))
