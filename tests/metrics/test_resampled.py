from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.random import numpy_generator
from monai_app.metrics import resampled, survival
from monai_app.metrics.estimates import DECISION, PROBABILITY, RANKING, REGRESSION, SELECTIVE

EVERY = {**RANKING, **PROBABILITY, **DECISION, **SELECTIVE, **REGRESSION}


def _inputs(name, tied):
    label, score = tied
    if name in DECISION:
        return label, (score > 0.5).astype(float)
    return (3 * label + score**2, score) if name in REGRESSION else (label, score)


@pytest.mark.parametrize("name", EVERY)
def test_unit_weights_give_the_library_value(name, tied):
    label, value = _inputs(name, tied)
    metric = EVERY[name]
    assert metric.resampled(label, value, np.ones((2, label.size))) == pytest.approx(
        [metric.point(label, value)] * 2, abs=1e-12
    )


@pytest.mark.parametrize("name", [name for name in EVERY if name != "adaptive_ece"])
def test_weights_equal_repetition(name, tied):
    label, value = _inputs(name, tied)
    weights = numpy_generator("repeat").integers(0, 4, label.size)
    repeated = EVERY[name].point(np.repeat(label, weights), np.repeat(value, weights))
    assert EVERY[name].resampled(label, value, weights[None].astype(float))[0] == pytest.approx(repeated, abs=1e-12)


def test_adaptive_bins_are_those_of_the_whole_sample(tied):
    label, score = tied
    weights = numpy_generator("repeat").integers(0, 4, label.size)[None].astype(float)
    values = resampled.adaptive_ece(label, score, np.concatenate([weights, 2 * weights]))
    assert values[0] == pytest.approx(values[1])


@pytest.mark.parametrize("name", [*RANKING, "precision", "recall", "specificity", "f1", "r2"])
def test_resample_without_contrast_is_nan(name):
    label, value = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    weights = np.array([[0.0, 0, 3], [1, 1, 1]]) if name != "specificity" else np.array([[3.0, 0, 0], [1, 1, 1]])
    values = EVERY[name].resampled(label, value, weights)
    assert np.isnan(values[0]) and np.isfinite(values[1])


def test_concordance_weights_equal_repetition():
    random = numpy_generator("tests/resampled-survival")
    time, event = np.round(random.exponential(4, 150)), random.random(150) < 0.6
    risk = np.round(-time + random.normal(0, 3, 150))
    weights = random.integers(0, 4, 150)
    expected = survival.concordance_index(*(np.repeat(v, weights) for v in (time, event, risk)))
    value = resampled.concordance_index(time, event, risk, weights[None].astype(float))
    assert value[0] == pytest.approx(expected, abs=1e-6)


def test_concordance_without_events_is_nan():
    value = resampled.concordance_index(np.arange(3.0), np.zeros(3, bool), np.arange(3.0), np.ones((1, 3)))
    assert np.isnan(value).all()
