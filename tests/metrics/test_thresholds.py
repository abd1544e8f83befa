from __future__ import annotations

import numpy as np
import pytest

from monai_app.metrics.classification import f1
from monai_app.metrics.thresholds import ThresholdOrigin, f1_optimal_threshold


def test_no_other_threshold_is_better(tied):
    label, score = tied
    chosen = f1_optimal_threshold(label, score)
    best = max(f1(label, (score >= value).astype(float)) for value in np.unique(score))
    assert f1(label, chosen.decide(score)) == pytest.approx(best)
    assert chosen.origin is ThresholdOrigin.TUNING_F1


def test_separable_scores_are_cut_in_the_middle():
    assert f1_optimal_threshold(np.array([0.0, 0, 1]), np.array([0.1, 0.2, 0.6])).value == pytest.approx(0.4)


@pytest.mark.parametrize("label", [np.ones(3), np.zeros(3), np.zeros(0)])
def test_one_class_keeps_the_fixed_threshold_and_says_so(label):
    chosen = f1_optimal_threshold(label, np.linspace(0, 1, label.size))
    assert chosen.value == 0.5 and chosen.origin is ThresholdOrigin.FIXED
