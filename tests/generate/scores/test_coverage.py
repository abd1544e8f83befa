"""Coverage: a missing group is seen."""

from __future__ import annotations

import numpy as np

from monai_app.generate.scores.coverage import coverage


def points(n: int, seed: int, centre: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 4)) + centre


def test_a_group_without_generated_neighbours_is_not_covered() -> None:
    real = np.concatenate([points(60, 0), points(60, 1, 20.0)])
    groups = ["a"] * 60 + ["b"] * 60
    both = coverage(real, np.concatenate([points(60, 2), points(60, 3, 20.0)]), groups)
    assert both["a"][0] > 0.8 and both["b"][0] > 0.8 and both["all"][1] == 120
    assert coverage(real, points(120, 2), groups)["b"] == (0.0, 60)
