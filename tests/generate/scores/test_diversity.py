"""Diversity: copies of one image are alike, noise is not, and there must be pairs."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.generate.scores.diversity import mean_similarity


def test_copies_are_alike_and_a_richer_set_is_less_so() -> None:
    generator = np.random.default_rng(0)
    base = generator.random((1, 64, 64)).astype(np.float32)
    noise = generator.random((8, 64, 64)).astype(np.float32)
    assert mean_similarity(np.repeat(base, 4, axis=0), pairs=8) == pytest.approx(1.0, abs=1e-4)
    blended = mean_similarity(0.8 * base + 0.2 * noise, pairs=16)
    assert mean_similarity(noise, pairs=16) < blended < 1.0


def test_one_image_has_no_diversity() -> None:
    with pytest.raises(InputRejected, match="TOO_FEW_IMAGES"):
        mean_similarity(np.zeros((1, 64, 64), np.float32))
