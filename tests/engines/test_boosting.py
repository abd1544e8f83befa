from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.engines.boosting import (
    BoostingSettings,
    Part,
    _person_intervals,
    boosted_folds,
    fit_forest,
    fit_task,
    predict_task,
    rounds_of,
)

FAST = BoostingSettings(seeds=2, rounds=25, patience=5, learning_rate=0.2, min_leaf=5, threads=1)
BINARY = TaskSpec(name="death", kind=TaskKind.BINARY)


def _data(n=160, seed=0):
    random = np.random.default_rng(seed)
    features = random.normal(size=(n, 4)).astype(np.float32)
    features[random.random((n, 4)) < 0.1] = np.nan
    return features, np.nan_to_num(features[:, :1].astype(float)) + 0.3 * random.normal(size=(n, 1))


def _fitted(task, label, settings=FAST, **options):
    features, _ = _data()
    return fit_task(task, (features, label), None, settings, seed=0, rounds=[25] * 9, **options), features


def test_trees_learn_and_give_probabilities():
    _, value = _data()
    parts, features = _fitted(BINARY, (value > 0).astype(float))
    score = predict_task(BINARY, parts, features)[:, 0]
    assert ((score > 0.5) == (value[:, 0] > 0)).mean() > 0.85
    assert ((score > 0) & (score < 1)).all()


def test_threads_and_repetition_change_nothing():
    _, value = _data()
    label = (value > 0).astype(float)
    scores = [
        predict_task(BINARY, *_fitted(BINARY, label, BoostingSettings(**{**vars(FAST), "threads": threads})))
        for threads in (1, 2, 1)
    ]
    assert np.array_equal(scores[0], scores[1]) and np.array_equal(scores[0], scores[2])


def test_multiclass_sums_to_one_even_when_a_class_never_occurs():
    task = TaskSpec(name="place", kind=TaskKind.MULTICLASS, classes=("home", "ward", "unit"))
    _, value = _data()
    score = predict_task(task, *_fitted(task, (value > 0).astype(float)))
    assert score.sum(axis=1) == pytest.approx(1)
    assert (score[:, 2] < 0.01).all()


def test_regression_predicts_values():
    task = TaskSpec(name="stay", kind=TaskKind.REGRESSION, unit="d")
    _, value = _data()
    score = predict_task(task, *_fitted(task, 100 + value))
    assert np.abs(score - 100 - value).mean() < 0.5


def test_unlabelled_samples_do_not_matter():
    _, value = _data()
    label = (value > 0).astype(float)
    features = _data()[0]
    more = np.concatenate([features, np.full((20, 4), 7, np.float32)])
    holes = np.concatenate([label, np.full((20, 1), np.nan)])
    first = fit_task(BINARY, (features, label), None, FAST, seed=0, rounds=[10])
    second = fit_task(BINARY, (more, holes), None, FAST, seed=0, rounds=[10])
    assert np.array_equal(predict_task(BINARY, first, features), predict_task(BINARY, second, features))


def test_a_class_that_never_varies_gets_its_smoothed_rate():
    task = TaskSpec(name="findings", kind=TaskKind.MULTILABEL, classes=("common", "never"))
    _, value = _data()
    parts, features = _fitted(task, np.concatenate([value > 0, np.zeros((160, 1))], axis=1).astype(float))
    assert parts[1] == Part(constant=pytest.approx(np.log(0.5 / 160.5)))
    assert predict_task(task, parts, features)[:, 1] == pytest.approx(0.5 / 161)


def test_nothing_labelled_and_one_class_are_refused():
    with pytest.raises(InputRejected, match=r"NO_LABELS.*death"):
        _fitted(BINARY, np.full((160, 1), np.nan))
    task = TaskSpec(name="place", kind=TaskKind.MULTICLASS, classes=("home", "ward"))
    with pytest.raises(InputRejected, match=r"ONE_CLASS.*place"):
        _fitted(task, np.zeros((160, 1)))


def test_number_of_trees_is_chosen_on_tuning():
    features, value = _data()
    label = (value > 0).astype(float)
    noise = np.random.default_rng(1).integers(0, 2, (160, 1)).astype(float)
    settings = BoostingSettings(**{**vars(FAST), "rounds": 60})
    kept = rounds_of(fit_task(BINARY, (features, label), (features, label), settings, seed=0))
    stopped = rounds_of(fit_task(BINARY, (features, label), (features, noise), settings, seed=0))
    assert kept[0] > 50 > 10 > stopped[0]


def test_rounds_do_not_count_a_tree_a_class():
    task = TaskSpec(name="place", kind=TaskKind.MULTICLASS, classes=("home", "ward", "unit"))
    _, value = _data()
    parts, _ = _fitted(task, np.digitize(value, [-0.5, 0.5]).astype(float))
    assert rounds_of(parts) == [25]


def test_person_intervals_count_as_the_likelihood_does():
    edges = np.array([1.0, 3.0, 7.0])
    label = np.array([[2.0, 1], [2.0, 0], [9.0, 1], [0.0, 1], [np.nan, 1], [3.0, 0]])
    features = np.arange(6, dtype=np.float32)[:, None]
    x, y = _person_intervals(features, label, edges)
    rows = sorted(zip(x[:, 0].tolist(), x[:, 1].tolist(), y.tolist(), strict=True))
    assert rows == [
        (0, 0, 0),
        (0, 1, 1),
        (1, 0, 0),
        (2, 0, 0),
        (2, 1, 0),
        (2, 2, 0),
        (3, 0, 1),
        (5, 0, 0),
        (5, 1, 0),
    ]


def test_survival_curves_fall_and_follow_the_hazard():
    task = TaskSpec(name="survival", kind=TaskKind.SURVIVAL, bin_edges=(1.0, 3.0, 7.0))
    _, value = _data()
    label = np.concatenate([3 * np.exp(-value), np.ones((160, 1))], axis=1)
    parts, features = _fitted(task, label)
    curve = predict_task(task, parts, features)
    assert (np.diff(curve, axis=1) <= 0).all() and (curve > 0).all() and (curve < 1).all()
    assert curve[value[:, 0] > 1].mean() < curve[value[:, 0] < -1].mean()


def test_small_samples_get_smaller_leaves():
    settings = BoostingSettings()
    assert settings.parameters({}, samples=200, columns=10, seed=0)["min_data_in_leaf"] == 5
    assert settings.parameters({}, samples=4000, columns=2000, seed=0)["min_data_in_leaf"] == 30


def test_cross_validated_scores_come_from_trees_that_did_not_see_the_sample():
    features, value = _data()
    noise = np.random.default_rng(1).integers(0, 2, 160).astype(float)
    rows = np.arange(160)
    folds = [(rows[rows % 4 != k], rows[rows % 4 == k]) for k in range(4)]
    rounds, scores = boosted_folds(features, (value[:, 0] > 0).astype(float), folds, FAST, seed=0)
    assert 5 < rounds <= 25 and ((scores > 0) == (value[:, 0] > 0)).mean() > 0.8
    _, chance = boosted_folds(features, noise, folds, FAST, seed=0)
    assert ((chance > 0) == (noise > 0.5)).mean() < 0.65


def test_raw_scores_of_a_forest_are_log_odds_whatever_its_size():
    features, value = _data()
    label = (value[:, 0] > 0).astype(float)
    small, large = (
        fit_forest(features, label, BoostingSettings(forest_trees=trees, threads=1), seed=0).raw(features)
        for trees in (20, 80)
    )
    assert ((large > 0) == (label > 0.5)).mean() > 0.8
    assert np.abs(large).mean() == pytest.approx(np.abs(small).mean(), rel=0.2)
