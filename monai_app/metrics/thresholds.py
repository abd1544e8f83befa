"""Operating points, chosen on tuning data and only applied to test data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from sklearn.metrics import precision_recall_curve

from monai_app.metrics.labels import Floats, both_classes

FIXED_THRESHOLD = 0.5
"""Used, and reported as fixed, where there is no tuning data to choose on."""


class ThresholdOrigin(StrEnum):
    """Where a threshold comes from."""

    TUNING_F1 = "maximises F1 on tuning"
    FIXED = "fixed, as tuning data of both classes is missing"


@dataclass(frozen=True)
class Threshold:
    """A score at or above ``value`` is decided positive."""

    value: float
    origin: ThresholdOrigin

    def decide(self, score: Floats) -> Floats:
        """Decisions in {0, 1} of the same shape."""
        return (score >= self.value).astype(np.float64)


def f1_optimal_threshold(label: Floats, score: Floats) -> Threshold:
    """The highest threshold that reaches the best F1 on these (tuning) labels and scores, both (N,) without NaN.

    It lies half-way to the next lower score, so that rounding of the score cannot flip the decision.
    """
    if not both_classes(label):
        return Threshold(FIXED_THRESHOLD, ThresholdOrigin.FIXED)
    precision, recall, candidates = precision_recall_curve(label, score)
    total = precision[:-1] + recall[:-1]
    f1 = np.divide(2 * precision[:-1] * recall[:-1], total, out=np.zeros_like(total), where=total > 0)
    best = int(np.flatnonzero(np.isclose(f1, f1.max(), rtol=1e-12, atol=0))[-1])
    lower = candidates[best - 1] if best > 0 else candidates[best]
    return Threshold(float((candidates[best] + lower) / 2), ThresholdOrigin.TUNING_F1)
