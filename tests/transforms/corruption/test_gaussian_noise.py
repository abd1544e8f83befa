"""Gaussian noise: the standard deviation that was asked for, repeatable from its seed."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.transforms.corruption.gaussian_noise import STD, GaussianNoised, noisy

GREY = np.full((100, 100), 0.5, np.float32)


def test_noise_has_its_standard_deviation_about_the_film() -> None:
    noise = noisy(GREY, std=0.1, seed=0) - GREY
    assert noise.std() == pytest.approx(0.1, rel=0.05) and noise.mean() == pytest.approx(0, abs=0.005)


def test_noise_is_a_function_of_its_seed() -> None:
    np.testing.assert_array_equal(noisy(GREY, std=0.1, seed=3), noisy(GREY, std=0.1, seed=3))
    assert (noisy(GREY, std=0.1, seed=3) != noisy(GREY, std=0.1, seed=4)).any()


def test_levels_rise_and_are_recorded() -> None:
    assert list(STD) == sorted(STD)
    assert GaussianNoised("film", 5).draw(np.random.default_rng(0), GREY)["std"] == STD[-1]
