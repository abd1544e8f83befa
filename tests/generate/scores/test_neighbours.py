"""Coverage and copies: a planted copy is counted, a missing group is seen."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.generate.scores.neighbours import copies, coverage


def points(n: int, seed: int, centre: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 4)) + centre


def test_a_group_without_generated_neighbours_is_not_covered() -> None:
    real = np.concatenate([points(60, 0), points(60, 1, 20.0)])
    groups = ["a"] * 60 + ["b"] * 60
    both = coverage(real, np.concatenate([points(60, 2), points(60, 3, 20.0)]), groups)
    assert both["a"][0] > 0.8 and both["b"][0] > 0.8 and both["all"][1] == 120
    assert coverage(real, points(120, 2), groups)["b"] == (0.0, 60)


def test_real_like_images_are_no_copies_and_planted_copies_are_found() -> None:
    train, held_out, drawn = points(300, 0), points(300, 1), points(200, 2)
    clean = copies(train, held_out, drawn)
    assert (
        clean.rate <= 0.05 and clean.low <= clean.rate <= clean.high and clean.median_ratio == pytest.approx(1, abs=0.1)
    )
    drawn[:40] = train[:40] + 1e-3
    planted = copies(train, held_out, drawn)
    assert planted.rate >= 0.2 and planted.low > clean.high
