from __future__ import annotations

import numpy as np
import pytest

from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.estimates import RANKING, Measured, macro, measure


def test_value_lies_in_its_interval(tied):
    label, score = tied
    rows = np.ones(label.size, bool)
    bootstrap = PatientBootstrap(np.arange(label.size), resamples=200)
    estimate = measure(RANKING["auroc"], label, score, rows=rows, bootstrap=bootstrap).estimate
    assert estimate.low < estimate.value < estimate.high
    assert 0.02 < estimate.high - estimate.low < 0.2


def test_macro_is_the_mean_over_defined_classes():
    first, second = Measured(0.6, np.array([0.5, 0.7])), Measured(0.8, np.array([0.9, np.nan]))
    average = macro([first, Measured(None), second])
    assert average.value == pytest.approx(0.7)
    assert average.replicates == pytest.approx([0.7, 0.7])
    assert macro([Measured(None)]).estimate.value is None
