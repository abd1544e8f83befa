from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.engines.boosting import BoostingSettings
from monai_app.engines.committee import Inputs, Plan, grow_committee, has_committee, joined, plan_committee

FAST = BoostingSettings(
    seeds=1, rounds=20, patience=5, learning_rate=0.2, min_leaf=5, folds=3, forest_trees=10, threads=1
)
TASK = TaskSpec(name="findings", kind=TaskKind.MULTILABEL, classes=("told", "measured", "never"))
PATIENTS = np.arange(150)
ALL = ("trees", "random_thresholds", "forest", "linear", "terms")


def _data(n=150):
    random = np.random.default_rng(0)
    table = random.normal(size=(n, 5)).astype(np.float32)
    words = (random.random((n, 6)) < 0.4).astype(float)
    label = np.stack([words[:, 0], table[:, 0] > 0, np.zeros(n)], axis=1).astype(float)
    return Inputs(table, csr_matrix(words)), label


@pytest.fixture(scope="module")
def planned():
    return plan_committee(TASK, *_data(), PATIENTS, FAST, seed=0)


def test_members_that_know_get_weight_and_the_committee_ranks_unseen_samples(planned):
    inputs, label = _data()
    assert {"terms"} < set(planned.weights) <= set(ALL)
    half = slice(75)
    committee = grow_committee(TASK, inputs.rows(half), label[half], planned, FAST, seed=0)
    score = committee.predict(TASK, inputs.rows(slice(75, 150)))
    assert ((score[:, :2] > 0.5) == (label[75:, :2] > 0.5)).mean() > 0.9


def test_a_class_that_never_varies_is_its_smoothed_rate_whatever_the_weights(planned):
    inputs, label = _data()
    committee = grow_committee(TASK, inputs, label, planned, FAST, seed=0)
    assert committee.predict(TASK, inputs)[:, 2] == pytest.approx(0.5 / 151)


def test_a_target_without_enough_cases_gets_the_median_rounds_of_the_others(planned):
    assert all(len(rounds) == 3 and rounds[2] == round(np.median(rounds[:2])) for rounds in planned.rounds.values())


def test_too_few_cases_leave_boosted_trees_alone():
    inputs, label = _data()
    plan = plan_committee(TASK, inputs.rows(slice(12)), label[:12], PATIENTS[:12], FAST, seed=0)
    assert plan.weights == {"trees": 1.0} and plan.intercept == 0


def test_a_patient_is_never_in_train_and_test(monkeypatch):
    seen = []

    def spy(features, label, folds, *rest, **options):
        seen.extend(folds)
        return 1, np.zeros(label.size)

    monkeypatch.setattr("monai_app.engines.committee.boosted_folds", spy)
    patients = PATIENTS // 2
    plan_committee(TASK, *_data(), patients, FAST, seed=0)
    assert seen and all(not np.isin(patients[test], patients[train]).any() for train, test in seen)


def test_same_seed_same_plan(planned):
    assert plan_committee(TASK, *_data(), PATIENTS, FAST, seed=0) == planned


def test_unlabelled_samples_do_not_matter():
    inputs, label = _data()
    plan = Plan({"trees": [5] * 3, "random_thresholds": [5] * 3}, dict.fromkeys(ALL, 0.2), 0.0)
    holes = np.concatenate([label, np.full((20, 3), np.nan)])
    more = joined(inputs, Inputs(np.full((20, 5), 7, np.float32), csr_matrix(np.ones((20, 6)))))
    scores = [
        grow_committee(TASK, x, y, plan, FAST, seed=0).predict(TASK, inputs)
        for x, y in ((inputs, label), (more, holes))
    ]
    assert np.array_equal(*scores)


def test_without_notes_no_member_reads_them():
    inputs, label = _data()
    plan = plan_committee(TASK, Inputs(inputs.table), label, PATIENTS, FAST, seed=0)
    assert "terms" not in plan.weights
    assert joined(Inputs(inputs.table), Inputs(inputs.table)).terms is None


def test_only_yes_or_no_tasks_have_a_committee():
    assert has_committee(TASK) and has_committee(TaskSpec(name="death", kind=TaskKind.BINARY))
    assert not has_committee(TaskSpec(name="stay", kind=TaskKind.REGRESSION, unit="d"))
