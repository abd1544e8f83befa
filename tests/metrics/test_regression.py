from __future__ import annotations

import numpy as np
import pytest

from monai_app.metrics import regression as r


def test_hand_case():
    label, value = np.array([1.0, 2, 3]), np.array([1.0, 3, 5])
    assert r.mae(label, value) == pytest.approx(1.0)
    assert r.mse(label, value) == pytest.approx(5 / 3)
    assert r.r2(label, value) == pytest.approx(1 - 5 / 2)


def test_mean_predicts_no_variance():
    label = np.array([1.0, 2, 6])
    assert r.r2(label, np.full(3, 3.0)) == pytest.approx(0)


@pytest.mark.parametrize("label", [np.zeros(0), np.ones(1), np.full(4, 2.0)])
def test_r2_without_variance_is_undefined(label):
    assert r.r2(label, np.zeros(label.size)) is None


def test_no_samples_is_undefined():
    assert r.mae(np.zeros(0), np.zeros(0)) is None and r.mse(np.zeros(0), np.zeros(0)) is None
