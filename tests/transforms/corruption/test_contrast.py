"""Contrast: the mean stays, the spread shrinks, and lost grey levels stay lost."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.transforms.corruption.contrast import Contrastd

RAMP = np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64)


def test_spread_shrinks_about_the_mean() -> None:
    flat = Contrastd("film", 3).distort(RAMP, {"contrast": 0.25})
    assert flat.mean() == pytest.approx(0.5, abs=1e-3) and np.ptp(flat) == pytest.approx(0.25, abs=0.01)


def test_grey_levels_are_lost() -> None:
    assert len(np.unique(Contrastd("film", 5).distort(RAMP, {"contrast": 0.05}))) <= 14
