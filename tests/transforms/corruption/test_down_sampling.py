"""Down-sampling: fine detail goes, the mean grey stays."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.transforms.corruption.down_sampling import DownSamplingd

DOWN = DownSamplingd("film", 5)


def test_checkerboard_becomes_grey() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2).astype(np.float32)
    result = DOWN.distort(board, {"zoom": 0.25})
    assert result.shape == board.shape
    np.testing.assert_allclose(result, 0.5, atol=1e-6)


def test_flat_film_is_unchanged_even_when_one_pixel_is_left() -> None:
    np.testing.assert_allclose(DOWN.distort(np.full((5, 9), 0.3, np.float32), {"zoom": 0.01}), 0.3, atol=1e-6)


def test_mean_grey_stays() -> None:
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(64, 0)
    assert DOWN.distort(ramp, {"zoom": 0.25}).mean() == pytest.approx(0.5, abs=1e-3)
