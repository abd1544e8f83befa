from __future__ import annotations

import numpy as np
import pytest
from sksurv.metrics import integrated_brier_score
from sksurv.util import Surv

from monai_app.core.random import numpy_generator
from monai_app.metrics import survival as s

EDGES = np.array([1.0, 2.0, 4.0, 8.0])


@pytest.fixture
def cohort():
    random = numpy_generator("tests/survival")
    hazard = random.gamma(2.0, 0.1, 200)
    time = random.exponential(1 / hazard)
    censor = random.exponential(12, 200)
    curve = np.exp(-hazard[:, None] * EDGES)
    return np.minimum(time, censor), time <= censor, curve


def test_concordance_of_a_hand_case():
    time, event = np.array([1.0, 2, 3]), np.array([True, False, True])
    assert s.concordance_index(time, event, np.array([3.0, 2, 1])) == 1.0
    assert s.concordance_index(time, event, np.array([2.0, 3, 1])) == 0.5
    assert s.concordance_index(time, event, np.array([1.0, 1, 1])) == 0.5


@pytest.mark.parametrize(
    ("time", "event"), [([1.0, 2.0], [False, False]), ([2.0, 2.0], [True, True]), ([3.0], [True]), ([], [])]
)
def test_nothing_to_compare_is_undefined(time, event):
    times = np.array(time)
    assert s.concordance_index(times, np.array(event, bool), np.zeros(times.size)) is None


def test_lower_curve_is_higher_risk():
    curve = np.array([[0.9, 0.8, 0.7, 0.6], [0.5, 0.4, 0.3, 0.2]])
    early, late = s.risk_score(curve, EDGES)
    assert late > early


def test_risk_of_certain_survival_is_minus_the_horizon():
    assert s.risk_score(np.ones((1, 4)), EDGES)[0] == pytest.approx(-8.0)


def test_integrated_brier_agrees_with_scikit_survival(cohort):
    time, event, curve = cohort
    reference = Surv.from_arrays(event, time)
    expected = integrated_brier_score(reference, reference, curve, EDGES)
    assert s.integrated_brier(time, event, curve, EDGES) == pytest.approx(expected, abs=1e-12)


def test_edges_beyond_follow_up_do_not_count(cohort):
    time, event, curve = cohort
    longer = np.append(EDGES, 1e6)
    beyond = np.concatenate([curve, np.zeros((200, 1))], axis=1)
    assert s.integrated_brier(time, event, beyond, longer) == s.integrated_brier(time, event, curve, EDGES)


def test_nobody_dies():
    time, event = np.array([1.0, 5.0, 9.0]), np.zeros(3, bool)
    assert s.integrated_brier(time, event, np.ones((3, 4)), EDGES) is None
    curve = s.kaplan_meier(time, event)
    assert curve is not None and curve.survival.tolist() == [1.0, 1.0]


def test_kaplan_meier_of_a_hand_case():
    curve = s.kaplan_meier(np.array([1.0, 2, 3, 4]), np.array([True, False, True, True]))
    assert curve is not None
    assert curve.survival == pytest.approx([1, 0.75, 0.75, 0.375, 0])
    assert s.kaplan_meier(np.zeros(0), np.zeros(0, bool)) is None
