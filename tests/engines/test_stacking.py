from __future__ import annotations

import numpy as np
import pytest

from monai_app.engines.stacking import stacking_weights


def _scores(n=2000):
    random = np.random.default_rng(0)
    truth = random.normal(size=(n, 1))
    label = (random.random((n, 1)) < 1 / (1 + np.exp(-2 * truth))).astype(float)
    return truth, random.normal(size=(n, 1)), label


def test_the_model_that_knows_gets_the_weight_that_calibrates_it():
    truth, noise, label = _scores()
    weights, intercept = stacking_weights({"good": truth, "noise": noise}, label)
    assert weights["good"] == pytest.approx(2, abs=0.2)
    assert weights.get("noise", 0) < 0.2 and abs(intercept) < 0.2


def test_a_model_that_is_wrong_is_left_out_not_turned_round():
    truth, _, label = _scores()
    assert "wrong" not in stacking_weights({"good": truth, "wrong": -truth}, label)[0]
    assert stacking_weights({"first": -truth, "second": -truth}, label) == ({"first": 1.0}, 0.0)


def test_equal_models_share_the_weight():
    truth, _, label = _scores()
    weights, _ = stacking_weights({"a": truth, "b": truth}, label)
    assert weights["a"] == pytest.approx(weights["b"], abs=0.01)


def test_unlabelled_and_unscored_samples_count_nothing():
    truth, noise, label = _scores()
    more = np.concatenate([label, np.full((5, 1), np.nan), np.ones((5, 1))])
    first = np.concatenate([truth, np.ones((5, 1)), np.full((5, 1), np.nan)])
    second = np.concatenate([noise, np.ones((10, 1))])
    assert stacking_weights({"a": first, "b": second}, more) == stacking_weights({"a": truth, "b": noise}, label)


def test_few_samples_stay_near_equal_weights():
    truth, noise, label = _scores(8)
    weights, _ = stacking_weights({"a": 0.1 * truth, "b": 0.1 * noise}, label)
    assert weights == pytest.approx({"a": 0.5, "b": 0.5}, abs=0.2)
    assert stacking_weights({"a": truth, "b": noise}, np.full((8, 1), np.nan)) == ({"a": 0.5, "b": 0.5}, 0.0)
