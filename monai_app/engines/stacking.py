"""Weights of several models of one task: logistic regression on their raw scores without negative weights.

Non-negative stacking: Breiman, Machine Learning 24:49, 1996. The scores must come from models that did not see the
sample. One weight a model for all targets of a task, as more would be fitted to the sample rather than to the disease.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from monai_app.engines.projection import Floats

PULL = 1.0
"""Penalty on the squared distance from equal weights, in log-likelihood: a prior of deviation 0.7, for few samples."""
_LEAST = 0.005


def stacking_weights(scores: Mapping[str, Floats], label: Floats) -> tuple[dict[str, float], float]:
    """Weight of each model and what is added to their weighted sum.

    Args:
        scores: per model raw scores (N, K), NaN where it has none.
        label: 0 or 1 (N, K), NaN where unlabelled.

    Returns:
        Weights above half a percent, rounded to thousandths, and the intercept. Equal weights without any label.
    """
    names = list(scores)
    known = ~np.isnan(label) & np.all([~np.isnan(scores[name]) for name in names], axis=0)
    columns, target = np.stack([scores[name][known] for name in names], axis=1), label[known]
    equal = np.append(np.full(len(names), 1 / len(names)), 0.0)

    def loss(values: Floats) -> tuple[float, Floats]:
        total = columns @ values[:-1] + values[-1]
        away = values - equal
        error = expit(total) - target
        gradient = np.append(columns.T @ error, error.sum()) + 2 * PULL * away
        return float((np.logaddexp(0, total) - target * total).sum() + PULL * away @ away), gradient

    bounds = [(0.0, None)] * len(names) + [(None, None)]
    fitted = minimize(loss, equal, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = {name: round(float(weight), 3) for name, weight in zip(names, fitted, strict=False) if weight >= _LEAST}
    if not weights:  # no model ranks better than chance
        weights = {names[0]: 1.0}
        fitted[-1] = 0.0
    return weights, round(float(fitted[-1]), 3)
