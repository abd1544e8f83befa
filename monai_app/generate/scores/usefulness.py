"""Can generated images train? A reader trained on synthetic images is tested on real ones, beside one trained on real.

The reader is a logistic regression on feature vectors: a probe, quick enough to be part of every evaluation. What a
whole network gains or loses is for trainings on whole cohorts to show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from monai_app.core.random import numpy_generator

Floats = NDArray[np.float64]

_LEAST_OF_EACH = 10


@dataclass(frozen=True)
class Usefulness:
    """AUROC on real held-out images of readers trained on three sets.

    Attributes:
        tstr: on synthetic images alone.
        trtr: on as many real images.
        both: on both.
        difference: ``tstr - trtr`` with its 95 % interval over held-out images.
        n: held-out images with a known label.
        positives: among them.
    """

    tstr: float
    trtr: float
    both: float
    difference: tuple[float, float, float]
    n: int
    positives: int


def usefulness(
    real: tuple[Floats, Mapping[str, Floats]],
    synthetic: tuple[Floats, Mapping[str, Floats]],
    held_out: tuple[Floats, Mapping[str, Floats]],
    *,
    resamples: int = 200,
    seed: int = 0,
) -> dict[str, Usefulness]:
    """The usefulness for every yes-or-no label with enough of both in all sets, by name.

    Args:
        real: features ``(N, C)`` and labels ``(N,)`` (0, 1, NaN unknown); as many are used as there are synthetic ones.
        synthetic: likewise, the labels those of the conditions.
        held_out: real images to test on.
    """
    size = min(len(real[0]), len(synthetic[0]))
    found = {}
    for name, labels in held_out[1].items():
        sets = [(real[0][:size], real[1][name][:size]), (synthetic[0][:size], synthetic[1][name][:size])]
        if not all(_enough(values) for values in (labels, *(part[1] for part in sets))):
            continue
        both = (np.concatenate([part[0] for part in sets]), np.concatenate([part[1] for part in sets]))
        known = np.isfinite(labels)
        test, truth = held_out[0][known], labels[known]
        scores = [_reader(*part).decision_function(test) for part in (*sets, both)]
        trtr, tstr, joined = (float(roc_auc_score(truth, score)) for score in scores)
        difference = _difference(truth, scores[1], scores[0], resamples, seed)
        found[name] = Usefulness(tstr, trtr, joined, difference, len(truth), int(truth.sum()))
    return found


def _enough(labels: Floats) -> bool:
    known = labels[np.isfinite(labels)]
    return bool(np.isin(known, (0, 1)).all()) and min((known == 1).sum(), (known == 0).sum()) >= _LEAST_OF_EACH


def _reader(features: Floats, labels: Floats) -> LogisticRegression:
    known = np.isfinite(labels)
    return LogisticRegression(C=0.01, max_iter=1000).fit(features[known], labels[known])


def _difference(truth: Floats, one: Floats, other: Floats, resamples: int, seed: int) -> tuple[float, float, float]:
    value = float(roc_auc_score(truth, one) - roc_auc_score(truth, other))
    generator = numpy_generator("usefulness", seed)
    drawn = []
    for _ in range(resamples):
        rows = generator.integers(len(truth), size=len(truth))
        if 0 < truth[rows].sum() < len(rows):
            drawn.append(roc_auc_score(truth[rows], one[rows]) - roc_auc_score(truth[rows], other[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975]) if drawn else (np.nan, np.nan)
    return value, float(low), float(high)
