"""Calibration: Brier score, negative log-likelihood, expected and maximum calibration error, reliability curve.

ECE and MCE: Naeini et al., AAAI 2015 (equal-width bins); adaptive ECE: Nixon et al., CVPR workshops 2019 (equal-mass
bins).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss

from monai_app.metrics.labels import Floats

PROBABILITY_FLOOR = 1e-7
"""Probabilities are clipped to [floor, 1 - floor] in logarithms: float32's resolution near one."""


class Binning(StrEnum):
    """How probabilities are binned: equal-width over [0, 1], or equal mass (quantiles of the scores)."""

    WIDTH = "width"
    MASS = "mass"


@dataclass(frozen=True)
class ReliabilityCurve:
    """Occupied bins of a reliability diagram, each (bins,): mean probability, observed rate, number of samples."""

    probability: Floats
    observed: Floats
    count: NDArray[np.int64]


def brier(label: Floats, probability: Floats) -> float | None:
    """Mean squared difference between a label in {0, 1} and its probability, both (N,)."""
    if not label.size:
        return None
    return float(brier_score_loss(label, np.clip(probability, 0, 1), pos_label=1))


def nll(label: Floats, probability: Floats) -> float | None:
    """Mean negative log-likelihood in nats of a label in {0, 1}."""
    if not label.size:
        return None
    clipped = np.clip(probability, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return float(log_loss(label, np.stack([1 - clipped, clipped], axis=1), labels=[0, 1]))


def bin_index(probability: Floats, *, bins: int = 10, binning: Binning = Binning.WIDTH) -> NDArray[np.int64]:
    """The bin of each probability (N,), in [0, bins); equal-width bins are closed below, the last one on both sides.

    Equal-mass bins hold every tie in one bin, so that the order of samples cannot matter.
    """
    if binning is Binning.WIDTH:
        index = np.floor(probability * bins)
    else:
        edges = np.quantile(probability, np.arange(1, bins) / bins) if probability.size else np.zeros(0)
        index = np.searchsorted(edges, probability, side="right").astype(np.float64)
    return np.clip(index, 0, bins - 1).astype(np.int64)


def reliability_curve(
    label: Floats, probability: Floats, *, bins: int = 10, binning: Binning = Binning.WIDTH
) -> ReliabilityCurve:
    """Mean probability against observed rate in each occupied bin."""
    index = bin_index(probability, bins=bins, binning=binning)
    count = np.bincount(index, minlength=bins)
    kept = count > 0
    mean = np.bincount(index, probability, minlength=bins)[kept] / count[kept]
    rate = np.bincount(index, label, minlength=bins)[kept] / count[kept]
    return ReliabilityCurve(probability=mean, observed=rate, count=count[kept].astype(np.int64))


def ece(label: Floats, probability: Floats, *, bins: int = 10, binning: Binning = Binning.WIDTH) -> float | None:
    """Expected calibration error: sum over bins of n_b / N |observed rate - mean probability|."""
    if not label.size:
        return None
    curve = reliability_curve(label, probability, bins=bins, binning=binning)
    return float((curve.count * np.abs(curve.observed - curve.probability)).sum() / label.size)


def adaptive_ece(label: Floats, probability: Floats, *, bins: int = 10) -> float | None:
    """ECE over equal-mass bins."""
    return ece(label, probability, bins=bins, binning=Binning.MASS)


def mce(label: Floats, probability: Floats, *, bins: int = 10, binning: Binning = Binning.WIDTH) -> float | None:
    """Maximum calibration error: the largest |observed rate - mean probability| of an occupied bin, however small."""
    if not label.size:
        return None
    curve = reliability_curve(label, probability, bins=bins, binning=binning)
    return float(np.abs(curve.observed - curve.probability).max())
