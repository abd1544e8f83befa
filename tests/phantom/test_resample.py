from __future__ import annotations

import numpy as np
import pytest

from monai_app.phantom.resample import enlarge, turn


def test_enlarging_keeps_constants_and_ramps() -> None:
    ramp = np.outer(np.arange(12.0), np.ones(9)).astype(np.float32)
    large = enlarge(ramp, 3)
    expected = (np.arange(36) + 0.5) / 3 - 0.5
    assert large.shape == (36, 27)
    assert large[9:-9, 13] == pytest.approx(expected[9:-9], abs=1e-4)
    assert enlarge(np.full((5, 4), 7.0, np.float32), 2) == pytest.approx(np.full((10, 8), 7.0))


def test_a_factor_of_one_and_a_turn_of_zero_change_nothing() -> None:
    image = np.random.default_rng(0).random((8, 11)).astype(np.float32)
    assert enlarge(image, 1) == pytest.approx(image, abs=1e-6)
    assert turn(image, 0.0) == pytest.approx(image, abs=1e-6)
