"""Motion: a line as long and as steep as recorded, that adds no grey."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.transforms.corruption.motion import Motiond, line_kernel


def test_no_way_is_the_identity() -> None:
    kernel = line_kernel(0.0, 30.0)
    assert kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] == 1 == kernel.sum()


@pytest.mark.parametrize("angle_degrees", [0.0, 37.0, 90.0, 179.0])
def test_kernel_is_centred_and_sums_to_one(angle_degrees: float) -> None:
    kernel = line_kernel(9.0, angle_degrees)
    assert kernel.sum() == pytest.approx(1) and kernel.min() >= 0
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)


def test_blur_lies_along_its_direction() -> None:
    point = np.zeros((21, 21), np.float32)
    point[10, 10] = 1
    along = Motiond("film", 5).distort(point, {"length_share": 8 / 21, "angle_degrees": 0.0})
    assert (along[10] > 0).sum() >= 8 and along[:8].max() == along[13:].max() == 0


def test_flat_film_stays_flat() -> None:
    grey = np.full((20, 30), 0.4, np.float32)
    np.testing.assert_allclose(
        Motiond("film", 5).distort(grey, {"length_share": 0.1, "angle_degrees": 20.0}), grey, atol=1e-6
    )
