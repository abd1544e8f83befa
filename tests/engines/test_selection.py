"""Decisions and their confidence: probability of the own decision, per label or of the choice; kept ones measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.selection import decision_confidence, decision_views, measure_selection
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.selective import aurc
from tests.engines.simulated import TASKS, simulated

TEST = simulated(100)
DRAWS = PatientBootstrap(TEST.subject_id, resamples=20)
BINARY = TaskPredictions(
    TASKS["mortality"], np.array([[0.9], [0.6], [0.45], [0.1]]), np.array([[1.0], [0.0], [1.0], [0.0]])
)


def test_confidence_is_the_probability_of_the_own_decision() -> None:
    (view,) = decision_views(BINARY, None)
    assert view.confidence == pytest.approx([0.9, 0.6, 0.55, 0.9])
    assert view.wrong.tolist() == [0, 1, 1, 0] and view.positive.tolist() == [1, 0, 1, 0]


def test_positive_decision_of_low_probability_has_low_confidence() -> None:
    score = np.array([[0.3], [0.1]])
    assert decision_confidence(score, BINARY.spec, [0.2]).ravel() == pytest.approx([0.3, 0.9])


def test_choice_is_as_confident_as_its_highest_probability() -> None:
    (view,) = decision_views(TEST.tasks["phenotype"], None)
    np.testing.assert_array_equal(view.confidence, TEST.tasks["phenotype"].score.max(axis=1))
    assert view.name == "phenotype" and view.positive is None


@pytest.mark.parametrize("name", ["mortality", "findings", "phenotype"])
def test_views_and_all_samples_have_the_same_confidence(name: str) -> None:
    task = TEST.tasks[name]
    views = decision_views(task, None)
    everything = decision_confidence(task.score, task.spec, [0.5] * task.spec.outputs)
    for k, view in enumerate(views):
        np.testing.assert_array_equal(view.confidence, everything[view.rows, k])


def test_numbers_of_a_hand_case() -> None:
    silent = replace(BINARY, abstained=np.array([[False], [False], [True], [True]]))
    bootstrap = PatientBootstrap(np.arange(4), resamples=0)
    values = measure_selection(silent, None, bootstrap)["mortality"]
    assert (values["n"], values["kept"], values["positives"], values["positives_kept"]) == (4, 2, 2, 1)
    assert values["error_rate"]["value"] == values["error_rate_kept"]["value"] == values["coverage"]["value"] == 0.5
    assert values["aurc"]["value"] == aurc(np.array([0.0, 1, 1, 0]), np.array([0.9, 0.6, 0.55, 0.9]))


def test_unlabelled_samples_do_not_count() -> None:
    task = TEST.tasks["findings"]
    label = task.label.copy()
    label[:40, 1] = np.nan
    assert [v["n"] for v in measure_selection(replace(task, label=label), None, DRAWS).values()] == [100, 60, 100]


def test_nothing_kept_and_nothing_labelled_are_undefined() -> None:
    task = TEST.tasks["mortality"]
    nothing = measure_selection(replace(task, abstained=np.ones((100, 1), bool)), None, DRAWS)["mortality"]
    assert nothing["coverage"]["value"] == 0 and nothing["error_rate_kept"]["value"] is None
    unlabelled = measure_selection(replace(task, label=np.full((100, 1), np.nan)), None, DRAWS)["mortality"]
    assert unlabelled["n"] == 0 and unlabelled["aurc"]["value"] is None
