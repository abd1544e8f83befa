from __future__ import annotations

import numpy as np

from monai_app.metrics.bands import precision_recall_band, risk_band, roc_band
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.classification import precision_recall_curve, roc_curve
from monai_app.metrics.selective import risk_coverage


def test_bands_hold_the_curves(tied):
    label, score = tied
    rows, bootstrap = np.arange(label.size), PatientBootstrap(np.arange(label.size), resamples=100)
    band = roc_band(label, score, rows=rows, bootstrap=bootstrap)
    inside = np.interp(band.at, *roc_curve(label, score))
    assert ((band.low <= inside + 1e-9) & (inside <= band.high + 1e-9)).mean() > 0.95
    band = precision_recall_band(label, score, rows=rows, bootstrap=bootstrap)
    recall, precision = precision_recall_curve(label, score)
    inside = np.interp(band.at[5:], recall[::-1], precision[::-1])
    assert ((band.low[5:] <= inside + 1e-9) & (inside <= band.high[5:] + 1e-9)).mean() > 0.9


def test_risk_band_holds_the_curve(tied):
    wrong, confidence = tied
    rows, bootstrap = np.arange(wrong.size), PatientBootstrap(np.arange(wrong.size), resamples=100)
    band = risk_band(wrong, confidence, rows=rows, bootstrap=bootstrap)
    curve = risk_coverage(wrong, confidence)
    inside = np.interp(band.at[10:], curve.coverage, curve.risk)
    assert ((band.low[10:] <= inside + 1e-9) & (inside <= band.high[10:] + 1e-9)).mean() > 0.9


def test_no_curve_no_band():
    rows = np.arange(4)
    for resamples, label in ((10, np.ones(4)), (0, np.array([0.0, 1, 0, 1]))):
        bootstrap = PatientBootstrap(rows, resamples=resamples)
        assert roc_band(label, np.arange(4.0), rows=rows, bootstrap=bootstrap) is None
    assert (
        roc_band(np.array([0.0, 1]), np.arange(2.0), rows=rows[:2], bootstrap=PatientBootstrap(np.zeros(2, int)))
        is None
    )
