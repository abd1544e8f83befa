"""Survival metrics from discrete survival curves: concordance index, integrated Brier score, Kaplan-Meier.

All by scikit-survival. Harrell's c: Harrell et al., JAMA 1982. Integrated Brier score: Graf et al., Statistics in
Medicine 1999, with the censoring distribution estimated on the evaluated samples themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sksurv.metrics import concordance_index_censored
from sksurv.nonparametric import CensoringDistributionEstimator, kaplan_meier_estimator
from sksurv.util import Surv

from monai_app.metrics.labels import Floats, Mask


@dataclass(frozen=True)
class KaplanMeier:
    """A Kaplan-Meier curve, each (T,): time, survival and its 95 % log-log confidence limits."""

    time: Floats
    survival: Floats
    low: Floats
    high: Floats


def risk_score(curve: Floats, bin_edges: Floats) -> Floats:
    """Minus the restricted mean survival time: higher means earlier.

    Args:
        curve: S(t) at the upper bin edges, (N, K).
        bin_edges: ascending upper edges (K,); the first bin starts at zero.

    Returns:
        (N,), in the negative unit of the edges.
    """
    starts = np.concatenate([np.ones((curve.shape[0], 1)), curve[:, :-1]], axis=1)
    widths = np.diff(np.concatenate([[0.0], bin_edges]))
    return np.asarray(-((starts + curve) / 2) @ widths, dtype=np.float64)


def comparable_pairs(time: Floats, event: Mask) -> bool:
    """Whether any pair of samples can be ordered: somebody outlives an observed event, or is censored at it."""
    if not event.any():
        return False
    first = time[event].min()
    return bool((time > first).any() or ((time == first) & ~event).any())


def concordance_index(time: Floats, event: Mask, risk: Floats) -> float | None:
    """Harrell's c of risks (N,); None when no pair can be compared."""
    if not comparable_pairs(time, event):
        return None
    return float(concordance_index_censored(event, time, risk)[0])


def brier_contributions(time: Floats, event: Mask, curve: Floats, bin_edges: Floats) -> Floats | None:
    """Each sample's part of the integrated Brier score (N,): its mean is the score (Graf 1999, eq. 5, trapezoidal).

    Only edges inside the follow-up count, as the censoring weights are unknown beyond it; None with fewer than two.
    """
    inside = (bin_edges > time.min()) & (bin_edges < time.max()) if time.size else np.zeros(bin_edges.shape, bool)
    if inside.sum() < 2 or not event.any():
        return None
    edges, survival = bin_edges[inside], curve[:, inside]
    censoring = CensoringDistributionEstimator().fit(Surv.from_arrays(event, time))
    own, at_edge = censoring.predict_proba(time), censoring.predict_proba(edges)
    if not (at_edge > 0).all():
        return None
    own = np.where(own == 0, np.inf, own)[:, None]
    died = (time[:, None] <= edges) & event[:, None]
    alive = time[:, None] > edges
    scores = survival**2 * died / own + (1 - survival) ** 2 * alive / at_edge
    return np.asarray(np.trapezoid(scores, edges, axis=1) / (edges[-1] - edges[0]), dtype=np.float64)


def integrated_brier(time: Floats, event: Mask, curve: Floats, bin_edges: Floats) -> float | None:
    """Integrated Brier score of survival curves (N, K); None where it cannot be estimated."""
    parts = brier_contributions(time, event, curve, bin_edges)
    return None if parts is None else float(parts.mean())


def kaplan_meier(time: Floats, event: Mask) -> KaplanMeier | None:
    """The Kaplan-Meier estimate from time zero; None without samples."""
    if not time.size:
        return None
    if not event.any():
        ones = np.ones(2)
        return KaplanMeier(time=np.array([0.0, time.max()]), survival=ones, low=ones, high=ones)
    at, survival, limits = kaplan_meier_estimator(event, time, conf_type="log-log")
    one = [1.0]
    return KaplanMeier(
        time=np.concatenate([[0.0], at]),
        survival=np.concatenate([one, survival]),
        low=np.concatenate([one, limits[0]]),
        high=np.concatenate([one, limits[1]]),
    )
