"""Which words or letters of a note a rate hits: at least one, and nested."""

from __future__ import annotations

import numpy as np

from monai_app.transforms.corruption.note import chosen

UNIFORM = np.random.default_rng(0).random(50)


def test_tiny_rate_hits_one() -> None:
    assert chosen(UNIFORM, 1e-9).sum() == 1


def test_higher_rate_hits_the_same_and_more() -> None:
    few, many = chosen(UNIFORM, 0.2), chosen(UNIFORM, 0.6)
    assert not (few & ~many).any() and many.sum() > few.sum()


def test_nothing_to_hit_passes() -> None:
    assert chosen(np.zeros(0), 0.5).shape == (0,)
