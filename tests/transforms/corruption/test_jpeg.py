"""JPEG: blocks of eight pixels, nothing worse at the best quality."""

from __future__ import annotations

import numpy as np

from monai_app.transforms.corruption.jpeg import Jpegd
from tests.transforms.corruption.samples import film

AREA = film()[0].numpy()


def test_best_quality_is_nearly_the_film() -> None:
    np.testing.assert_allclose(Jpegd("film", 1).distort(AREA, {"jpeg_quality": 100}), AREA, atol=0.02)


def test_worst_quality_leaves_one_grey_a_block() -> None:
    blocks = Jpegd("film", 5).distort(AREA, {"jpeg_quality": 1}).reshape(8, 8, 8, 8)
    flat = np.ptp(blocks, axis=(1, 3)) < 1e-6
    assert flat.mean() > 0.5
