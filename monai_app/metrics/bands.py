"""Bootstrap bands around ROC, precision-recall and risk-coverage curves: pointwise 95 % intervals on a fixed grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from monai_app.metrics.bootstrap import CONFIDENCE, PatientBootstrap, Rows
from monai_app.metrics.labels import Floats, both_classes
from monai_app.metrics.resampled import tied_counts

GRID_POINTS = 101


@dataclass(frozen=True)
class Band:
    """Lower and upper limits (G,) at the abscissae (G,)."""

    at: Floats
    low: Floats
    high: Floats


def roc_band(label: Floats, score: Floats, *, rows: Rows, bootstrap: PatientBootstrap) -> Band | None:
    """Limits of the true positive rate over the false positive rate; None where there is no curve."""

    def curve(positive: Floats, negative: Floats, grid: Floats) -> Floats:
        start = np.zeros(1)
        false = np.concatenate([start, np.cumsum(negative)]) / negative.sum()
        true = np.concatenate([start, np.cumsum(positive)]) / positive.sum()
        return np.asarray(np.interp(grid, false, true), np.float64)

    return _band(label, score, rows, bootstrap, curve)


def precision_recall_band(label: Floats, score: Floats, *, rows: Rows, bootstrap: PatientBootstrap) -> Band | None:
    """Limits of the precision over the recall; None where there is no curve."""

    def curve(positive: Floats, negative: Floats, grid: Floats) -> Floats:
        true = np.cumsum(positive)
        predicted = true + np.cumsum(negative)
        precision = np.divide(true, predicted, out=np.ones_like(true), where=predicted > 0)
        return np.asarray(np.interp(grid, true / true[-1], precision), np.float64)

    return _band(label, score, rows, bootstrap, curve)


def risk_band(wrong: Floats, confidence: Floats, *, rows: Rows, bootstrap: PatientBootstrap) -> Band | None:
    """Limits of the error rate over the coverage; None where there are no errors or nothing else."""

    def curve(errors: Floats, hits: Floats, grid: Floats) -> Floats:
        kept = np.cumsum(errors + hits)
        risk = np.divide(np.cumsum(errors), kept, out=np.zeros_like(kept), where=kept > 0)
        return np.asarray(np.interp(grid, kept / kept[-1], risk), np.float64)

    return _band(wrong, confidence, rows, bootstrap, curve)


def _band(
    label: Floats,
    score: Floats,
    rows: Rows,
    bootstrap: PatientBootstrap,
    curve: Callable[[Floats, Floats, Floats], Floats],
) -> Band | None:
    if not both_classes(label) or not bootstrap.resamples:
        return None
    grid = np.linspace(0, 1, GRID_POINTS)

    def on_grid(weights: Floats) -> Floats:
        positive, negative = (part[:, ::-1] for part in tied_counts(label, score, weights))
        drawn = np.full((weights.shape[0], GRID_POINTS), np.nan)
        for row in np.flatnonzero((positive.sum(axis=1) > 0) & (negative.sum(axis=1) > 0)):
            drawn[row] = curve(positive[row], negative[row], grid)
        return drawn

    replicates = bootstrap.replicates(rows, on_grid)
    if replicates.ndim < 2:
        return None
    known = replicates[np.isfinite(replicates).all(axis=1)]
    if not known.size:
        return None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail], axis=0)
    return Band(grid, np.asarray(low), np.asarray(high))
