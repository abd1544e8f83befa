"""The metrics over many resamples at once: each takes weights (R, N), how often a resample holds a sample, gives (R,).

A weight of two equals the sample standing there twice; NaN where a resample leaves the metric undefined. This is what
makes a thousand resamples take seconds: scores are sorted once, not once a resample.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monai_app.metrics.calibration import PROBABILITY_FLOOR, Binning, bin_index
from monai_app.metrics.labels import Floats, Mask

_PAIR_BLOCK_ROWS = 512


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    quotient: Floats = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
    return quotient


def tied_counts(label: Floats, score: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Positive and negative weight at each of G distinct scores, ascending.

    Args:
        label: (n,) in {0, 1}.
        score: (n,).
        weights: (R, n).

    Returns:
        Two arrays (R, G).
    """
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    total = np.take(weights, order, axis=1)
    positive = total * label[order]
    if starts.size == ranked.size:
        return positive, total - positive
    grouped = np.add.reduceat(positive, starts, axis=1)
    return grouped, np.add.reduceat(total, starts, axis=1) - grouped


def auroc(label: Floats, score: Floats, weights: Floats) -> Floats:
    """Mann-Whitney: the share of (positive, negative) pairs in the right order, ties one half."""
    if not label.size:
        return np.full(weights.shape[0], np.nan)
    positive, negative = tied_counts(label, score, weights)
    below = np.cumsum(negative, axis=1)
    below -= negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return _ratio(np.einsum("rg,rg->r", positive, below), pairs)


def auprc(label: Floats, score: Floats, weights: Floats) -> Floats:
    """Average precision: sum over thresholds of the gain in recall times the precision."""
    if not label.size:
        return np.full(weights.shape[0], np.nan)
    positive, negative = (part[:, ::-1] for part in tied_counts(label, score, weights))
    true_positive = np.cumsum(positive, axis=1)
    predicted = true_positive + np.cumsum(negative, axis=1)
    precision = np.divide(true_positive, predicted, out=np.zeros_like(predicted), where=predicted > 0)
    value = _ratio(np.einsum("rg,rg->r", positive, precision), true_positive[:, -1])
    return np.where(negative.sum(axis=1) > 0, value, np.nan)


def weighted_mean(values: Floats, weights: Floats) -> Floats:
    """Mean of values (N,) in each resample."""
    return _ratio(weights @ values, weights.sum(axis=1))


def accuracy(label: Floats, decision: Floats, weights: Floats) -> Floats:
    """Share of right decisions."""
    return weighted_mean((label == decision).astype(np.float64), weights)


def precision(label: Floats, decision: Floats, weights: Floats) -> Floats:
    """TP / (TP + FP)."""
    return _ratio(weights @ (label * decision), weights @ decision)


def recall(label: Floats, decision: Floats, weights: Floats) -> Floats:
    """TP / (TP + FN)."""
    return _ratio(weights @ (label * decision), weights @ label)


def specificity(label: Floats, decision: Floats, weights: Floats) -> Floats:
    """TN / (TN + FP)."""
    return recall(1 - label, 1 - decision, weights)


def f1(label: Floats, decision: Floats, weights: Floats) -> Floats:
    """2 TP / (2 TP + FP + FN)."""
    return _ratio(2 * (weights @ (label * decision)), weights @ (label + decision))


def brier(label: Floats, probability: Floats, weights: Floats) -> Floats:
    """Mean squared error of the probability."""
    return weighted_mean((np.clip(probability, 0, 1) - label) ** 2, weights)


def nll(label: Floats, probability: Floats, weights: Floats) -> Floats:
    """Mean negative log-likelihood in nats."""
    clipped = np.clip(probability, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return weighted_mean(-np.where(label == 1, np.log(clipped), np.log1p(-clipped)), weights)


def ece(label: Floats, probability: Floats, weights: Floats) -> Floats:
    """Expected calibration error over ten equal-width bins."""
    return _binned_error(label, probability, weights, bin_index(probability, binning=Binning.WIDTH))


def mce(label: Floats, probability: Floats, weights: Floats) -> Floats:
    """Largest calibration error of a bin that the resample occupies, ten equal-width bins."""
    index = bin_index(probability, binning=Binning.WIDTH)
    gap, member = _binned(label - probability, index), _binned(np.ones_like(label), index)
    worst: Floats = np.fmax.reduce(_ratio(np.abs(weights @ gap), weights @ member), axis=1)
    return worst


def adaptive_ece(label: Floats, probability: Floats, weights: Floats) -> Floats:
    """ECE over the ten equal-mass bins of the whole sample (bins are not drawn anew in each resample)."""
    return _binned_error(label, probability, weights, bin_index(probability, binning=Binning.MASS))


def _binned_error(label: Floats, probability: Floats, weights: Floats, index: NDArray[np.int64]) -> Floats:
    gap = _binned(label - probability, index)
    return _ratio(np.abs(weights @ gap).sum(axis=1), weights.sum(axis=1))


def _binned(values: Floats, index: NDArray[np.int64]) -> Floats:
    """Values (N,) in the column of their bin, (N, bins), zero elsewhere."""
    columns = np.zeros((values.size, int(index.max()) + 1 if values.size else 1))
    columns[np.arange(values.size), index] = values
    return columns


def aurc(wrong: Floats, confidence: Floats, weights: Floats) -> Floats:
    """Area under the risk-coverage curve, ties as the mean over their orders.

    After W samples with E errors, w tied ones with e errors add sum_k (E + k e / w) / (W + k), k = 1 ... w, which is
    e + (E - W e / w) (H(W + w) - H(W)) with the harmonic numbers H.
    """
    if not wrong.size:
        return np.full(weights.shape[0], np.nan)
    errors, hits = (part[:, ::-1] for part in tied_counts(wrong, confidence, weights))
    tied = errors + hits
    kept, failed = np.cumsum(tied, axis=1), np.cumsum(errors, axis=1)
    size = int(kept[:, -1].max())
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, size + 1))])
    gain = harmonic[kept.astype(np.int64)] - harmonic[(kept - tied).astype(np.int64)]
    rate = np.divide(errors, tied, out=np.zeros_like(tied), where=tied > 0)
    total = (errors + (failed - errors - (kept - tied) * rate) * gain).sum(axis=1)
    return _ratio(total, kept[:, -1])


def excess_aurc(wrong: Floats, confidence: Floats, weights: Floats) -> Floats:
    """AURC minus that of the same errors perfectly ordered."""
    return aurc(wrong, confidence, weights) - aurc(wrong, -wrong, weights)


def mae(label: Floats, value: Floats, weights: Floats) -> Floats:
    """Mean absolute error."""
    return weighted_mean(np.abs(label - value), weights)


def mse(label: Floats, value: Floats, weights: Floats) -> Floats:
    """Mean squared error."""
    return weighted_mean((label - value) ** 2, weights)


def r2(label: Floats, value: Floats, weights: Floats) -> Floats:
    """Coefficient of determination against each resample's own mean."""
    centred = label - label.mean() if label.size else label
    variance = weighted_mean(centred**2, weights) - weighted_mean(centred, weights) ** 2
    varies = np.where(variance > 1e-12 * (np.var(label) if label.size else 1.0), variance, 0.0)
    return 1 - _ratio(mse(label, value, weights), varies)


def concordance_index(time: Floats, event: Mask, risk: Floats, weights: Floats) -> Floats:
    """Harrell's c by matrix products over blocks of pairs: sum w_i C_ij w_j / sum w_i P_ij w_j."""
    numerator = np.zeros(weights.shape[0])
    denominator = np.zeros(weights.shape[0])
    single = weights.astype(np.float32)
    died = np.flatnonzero(event)
    for start in range(0, died.size, _PAIR_BLOCK_ROWS):
        rows = died[start : start + _PAIR_BLOCK_ROWS]
        later = (time[None, :] > time[rows, None]) | ((time[None, :] == time[rows, None]) & ~event[None, :])
        difference = risk[rows, None] - risk[None, :]
        right = np.where(np.abs(difference) <= 1e-8, 0.5, (difference > 0).astype(np.float64)) * later
        own = weights[:, rows]
        numerator += (own * (single @ right.T.astype(np.float32))).sum(axis=1)
        denominator += (own * (single @ later.T.astype(np.float32))).sum(axis=1)
    return _ratio(numerator, denominator)
