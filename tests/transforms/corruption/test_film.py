"""Corruptions of films: on the film itself, not on our letterbox, and within the grey levels there are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_app.transforms.corruption.contrast import Contrastd
from monai_app.transforms.corruption.exposure import Exposured
from monai_app.transforms.corruption.film import FilmCorruption, as_area, as_picture, exposed_area
from monai_app.transforms.corruption.gaussian_noise import GaussianNoised
from tests.transforms.corruption.samples import corrupted, film, sample


def test_exposed_area_leaves_the_letterbox_out() -> None:
    black = np.zeros((6, 8), np.float32)
    black[2:4, 3:7] = 0.5
    assert exposed_area(black) == (slice(2, 4), slice(3, 7))


def test_black_film_is_all_exposed() -> None:
    assert np.zeros((3, 4), np.float32)[exposed_area(np.zeros((3, 4), np.float32))].shape == (3, 4)


@pytest.mark.parametrize("kind", [GaussianNoised, Contrastd, Exposured])
def test_letterbox_stays_black_and_grey_levels_in_range(kind: type[FilmCorruption]) -> None:
    result, _ = corrupted(kind("film", 5))
    assert not result[..., :8].any() and not result[..., -8:].any()
    assert result.min() >= 0 and result.max() <= 1


def test_film_stays_a_plain_float_tensor() -> None:
    result, _ = corrupted(GaussianNoised("film", 2), given=sample() | {"film": MetaTensor(film())})
    assert type(result) is torch.Tensor and result.dtype == torch.float32 and result.shape == (1, 64, 64)


def test_picture_and_area_are_inverse() -> None:
    area = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(as_area(as_picture(area)), area)
