"""Distances of sets: near zero for one distribution, growing with what is changed, whatever the order."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.generate.scores.likeness import kernel_width, likeness


def vectors(n: int = 300, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 6)) + shift


def test_equal_distributions_are_alike_and_distances_grow_with_the_shift() -> None:
    width = kernel_width(vectors())
    near, far, farther = (likeness(vectors(), vectors(seed=1, shift=shift), width=width) for shift in (0.0, 0.5, 1.0))
    assert abs(near.mmd) < 0.01 and near.fid < 0.3 and near.n == 300
    assert near.fid < far.fid < farther.fid and near.mmd < far.mmd < farther.mmd
    assert farther.fid == pytest.approx(6.0, rel=0.25)


def test_a_set_is_at_no_frechet_distance_from_itself_in_any_order() -> None:
    real = vectors()
    same = likeness(real, real[::-1], width=kernel_width(real))
    assert same.fid == pytest.approx(0.0, abs=1e-6) and same.mmd < 0.0


def test_the_larger_set_is_cut_to_the_smaller() -> None:
    assert likeness(vectors(50), vectors(200, seed=1), width=3.0).n == 50


def test_the_width_scales_with_the_features() -> None:
    assert kernel_width(10 * vectors()) == pytest.approx(10 * kernel_width(vectors()))
