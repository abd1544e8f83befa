"""A map goes back to where its film was, whatever the letterbox did."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.explain.film_grid import map_image, own_grid
from monai_app.transforms.film import letterbox


@pytest.mark.parametrize("shape", [(120, 80), (80, 120), (64, 64), (17, 30)])
def test_blob_returns_to_its_place(shape: tuple[int, int]) -> None:
    film = np.zeros(shape, np.float32)
    top, left = shape[0] // 4, shape[1] // 2
    film[top : top + shape[0] // 4, left : left + shape[1] // 4] = 1
    small = letterbox(film, 64) if max(shape) <= 64 else letterbox(film[::2, ::2].copy(), 64)
    back = own_grid(small, shape)
    assert back.shape == shape
    assert ((back > 0.5) == (film > 0.5)).mean() > 0.97


def test_image_is_coronal_and_in_mm() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    image = map_image(values, (0.2, 0.3))
    assert image.shape == (3, 2, 1) and image.get_fdata()[2, 1, 0] == values[1, 2]
    step = np.asarray(image.affine)[:3, :3]
    np.testing.assert_allclose(step @ [1, 0, 0], [-0.3, 0, 0])
    np.testing.assert_allclose(step @ [0, 1, 0], [0, 0, -0.2])
    assert np.abs(np.linalg.det(np.asarray(map_image(values, None).affine))) == 1
