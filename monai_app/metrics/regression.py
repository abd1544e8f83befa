"""Regression metrics of one target: MAE, MSE, R2 (scikit-learn), in the target's unit."""

from __future__ import annotations

import numpy as np
from sklearn import metrics as sk

from monai_app.metrics.labels import Floats


def mae(label: Floats, value: Floats) -> float | None:
    """Mean absolute error (N,) against (N,)."""
    return float(sk.mean_absolute_error(label, value)) if label.size else None


def mse(label: Floats, value: Floats) -> float | None:
    """Mean squared error, in the unit squared."""
    return float(sk.mean_squared_error(label, value)) if label.size else None


def r2(label: Floats, value: Floats) -> float | None:
    """Coefficient of determination; None when the target does not vary."""
    if label.size < 2 or not np.ptp(label):
        return None
    return float(sk.r2_score(label, value))
