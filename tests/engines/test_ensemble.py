from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from monai_app.core.errors import InputRejected
from monai_app.engines.ensemble import Ensemble, blended_tuning, choose_weights
from monai_app.engines.predictions import Predictions
from tests.engines.simulated import TASKS, relabelled, simulated


def _noisy(predictions: Predictions, seed: int, strength: float) -> Predictions:
    """The same samples from a model that errs more."""
    random = np.random.default_rng(seed)

    def spoilt(task):
        noise = random.normal(0, strength, (len(task.score), 1))
        if task.spec.name == "stay":
            return task.score + noise
        if task.spec.name == "survival":
            return task.score ** np.exp(noise)
        score = expit(
            logit(np.clip(task.score, 1e-6, 1 - 1e-6)) + noise * np.linspace(-1, 1, task.score.shape[1] + 1)[1:]
        )
        return score / score.sum(axis=1, keepdims=True) if task.spec.name == "phenotype" else score

    tasks = {name: replace(task, score=spoilt(task)) for name, task in predictions.tasks.items()}
    return replace(predictions, tasks=tasks)


def _weights(value: float) -> Ensemble:
    return Ensemble(dict.fromkeys(TASKS, value))


def test_one_model_alone_is_itself():
    first = simulated(40)
    second = _noisy(first, 1, 1.0)
    for weight, model in ((0.0, first), (1.0, second)):
        combined = _weights(weight).combine(first, second)
        assert all(np.array_equal(combined.tasks[name].score, model.tasks[name].score) for name in TASKS)


def test_a_model_with_itself_is_itself():
    first = simulated(40)
    combined = _weights(0.3).combine(first, first)
    for name in TASKS:
        assert combined.tasks[name].score == pytest.approx(first.tasks[name].score, abs=1e-9)


def test_logits_are_averaged():
    first = simulated(5)
    second = _noisy(first, 1, 1.0)
    combined = _weights(0.25).combine(first, second).tasks["mortality"].score
    expected = 0.75 * logit(first.tasks["mortality"].score) + 0.25 * logit(second.tasks["mortality"].score)
    assert logit(combined) == pytest.approx(expected)


def test_results_stay_probabilities_and_curves():
    first = simulated(60)
    combined = _weights(0.5).combine(first, _noisy(first, 1, 2.0))
    assert combined.tasks["phenotype"].score.sum(axis=1) == pytest.approx(1)
    assert (np.diff(combined.tasks["survival"].score, axis=1) <= 0).all()


def test_order_of_the_second_model_does_not_matter():
    first = simulated(30)
    second = _noisy(first, 1, 1.0)
    shuffled = second.take(np.random.default_rng(0).permutation(30))
    one, two = (_weights(0.4).combine(first, each).tasks["mortality"].score for each in (second, shuffled))
    assert np.array_equal(one, two)


def test_the_better_model_gets_more_weight():
    good = simulated(600)
    bad = _noisy(good, 1, 3.0)
    assert all(weight <= 0.35 for weight in choose_weights(good, bad).second_weight.values())
    assert all(weight >= 0.65 for weight in choose_weights(bad, good).second_weight.values())


def test_two_equally_noisy_models_do_better_together():
    base = simulated(800)
    pair = _noisy(base, 1, 1.5), _noisy(base, 2, 1.5)
    weight = choose_weights(*pair).second_weight["stay"]
    assert 0.35 <= weight <= 0.65


def test_equal_models_are_averaged_equally():
    first = simulated(50)
    assert choose_weights(first, first).second_weight["stay"] == 0.5


def test_weights_survive_the_disk_and_changes_are_refused(tmp_path):
    ensemble = Ensemble({"mortality": 0.3})
    ensemble.write(tmp_path)
    assert Ensemble.read(tmp_path) == ensemble
    (tmp_path / "ensemble.json").write_text('{"second_weight": {"mortality": 1}}')
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        Ensemble.read(tmp_path)


def test_other_samples_and_other_tasks_are_refused():
    first = simulated(10)
    with pytest.raises(InputRejected, match=r"SAMPLES_DIFFER.*10 and 9 samples, 9 in common"):
        _weights(0.5).combine(first, first.take(np.arange(9)))
    with pytest.raises(InputRejected, match=r"TASK_UNKNOWN.*mortality"):
        Ensemble({"other": 0.5}).combine(first, first)


def test_nothing_labelled_is_refused():
    first = relabelled(simulated(10, tasks=("stay",)), "stay", np.full((10, 1), np.nan))
    with pytest.raises(InputRejected, match=r"NO_LABELS.*stay"):
        choose_weights(first, first)


def test_missing_trees_are_named(tmp_path):
    with pytest.raises(InputRejected, match="TREES_MISSING"):
        blended_tuning(simulated(4), tmp_path)
