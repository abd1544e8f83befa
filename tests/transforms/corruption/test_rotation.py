"""Rotation: both ways, in place, nothing invented in the corners."""

from __future__ import annotations

import numpy as np

from monai_app.transforms.corruption.rotation import Rotationd
from tests.transforms.corruption.samples import corrupted


def test_both_signs_are_drawn() -> None:
    angles = {corrupted(Rotationd("film", 3), seed)[1]["angle_degrees"] for seed in range(12)}
    assert len(angles) == 2 and sum(angles) == 0


def test_quarter_turn_moves_a_corner_to_the_next() -> None:
    corner = np.zeros((9, 9), np.float32)
    corner[0, 0] = 1
    turned = Rotationd("film", 5).distort(corner, {"angle_degrees": 90.0})
    assert turned.shape == (9, 9) and turned.max() > 0.99 and turned[0, 0] < 0.01
    assert max(turned[0, -1], turned[-1, 0]) > 0.99


def test_corners_are_black() -> None:
    turned = Rotationd("film", 5).distort(np.ones((20, 20), np.float32), {"angle_degrees": 45.0})
    assert turned[0, 0] == turned[-1, -1] == 0 and turned[10, 10] == 1
