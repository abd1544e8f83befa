from __future__ import annotations

import numpy as np
import pytest

from monai_app.metrics import calibration as cal
from monai_app.metrics.calibration import Binning


def test_brier_and_nll_of_a_hand_case():
    label, probability = np.array([1.0, 0.0]), np.array([0.8, 0.4])
    assert cal.brier(label, probability) == pytest.approx((0.04 + 0.16) / 2)
    assert cal.nll(label, probability) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)


def test_ece_of_a_hand_case():
    label = np.array([0.0, 1, 1, 1])
    probability = np.array([0.12, 0.18, 0.91, 0.99])
    assert cal.ece(label, probability) == pytest.approx(0.5 * abs(0.5 - 0.15) + 0.5 * abs(1 - 0.95))


def test_mce_is_the_worst_bin_of_a_hand_case():
    label = np.array([0.0, 1, 1, 1])
    probability = np.array([0.12, 0.18, 0.91, 0.99])
    assert cal.mce(label, probability) == pytest.approx(abs(0.5 - 0.15))


def test_equal_mass_bins_hold_equal_numbers():
    curve = cal.reliability_curve(np.zeros(100), np.linspace(0, 1, 100) ** 3, bins=5, binning=Binning.MASS)
    assert curve.count.tolist() == [20] * 5


def test_ties_stay_in_one_bin():
    index = cal.bin_index(np.array([0.2] * 7 + [0.3] * 3), bins=10, binning=Binning.MASS)
    assert len(set(index[:7])) == 1 and len(set(index[7:])) == 1


def test_the_rate_itself_is_calibrated():
    label = np.array([1.0] * 3 + [0.0] * 7)
    assert cal.ece(label, np.full(10, 0.3)) == pytest.approx(0, abs=1e-12)
    assert cal.adaptive_ece(label, np.full(10, 0.3)) == pytest.approx(0, abs=1e-12)


def test_certainty_that_errs_is_finite_and_large():
    assert 10 < cal.nll(np.array([1.0]), np.array([0.0])) < 20


def test_edges_of_the_unit_interval_have_a_bin():
    assert cal.bin_index(np.array([0.0, 0.1, 0.999, 1.0])).tolist() == [0, 1, 9, 9]


def test_no_samples_is_undefined():
    empty = np.zeros(0)
    assert [m(empty, empty) for m in (cal.brier, cal.nll, cal.ece, cal.adaptive_ece, cal.mce)] == [None] * 5
    assert cal.reliability_curve(empty, empty, binning=Binning.MASS).count.size == 0
