"""Area averaging: exact for whole and fractional cells, blind to what is not valid."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.dicom.area import area_mean, fitted_shape

IMAGE = np.random.default_rng(0).integers(0, 4096, (35, 22)).astype(np.uint16)


def exact(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Repeat every pixel until the cells are whole numbers of copies, then average: area averaging by definition."""
    tall = np.repeat(np.repeat(image.astype(float), shape[0], 0), shape[1], 1)
    return tall.reshape(shape[0], image.shape[0], shape[1], image.shape[1]).mean((1, 3))


@pytest.mark.parametrize("shape", [(35, 22), (7, 11), (8, 5), (34, 21), (1, 1)])
def test_cells_hold_the_mean_of_what_they_cover(shape: tuple[int, int]) -> None:
    np.testing.assert_allclose(area_mean(IMAGE, shape)[0], exact(IMAGE, shape), rtol=2e-6)


def test_conversion_comes_before_the_average() -> None:
    got, _ = area_mean(IMAGE, (5, 3), convert=lambda block, out: np.greater(block, 2000, out=out, casting="unsafe"))
    np.testing.assert_allclose(got, exact(IMAGE > 2000, (5, 3)), rtol=2e-6)


def test_what_is_not_valid_changes_nothing() -> None:
    spoiled = IMAGE.copy()
    spoiled[3:17, 5:9] = 60000
    valid = spoiled != 60000
    got, counted = area_mean(spoiled, (8, 5), valid=lambda block: block != 60000)
    weights = exact(valid, (8, 5))
    np.testing.assert_allclose(counted, weights, rtol=2e-6)
    np.testing.assert_allclose(got, exact(np.where(valid, spoiled, 0), (8, 5)) / weights, rtol=2e-6)


def test_a_cell_without_anything_valid_is_zero() -> None:
    got, counted = area_mean(np.full((4, 4), 9, np.uint8), (2, 2), valid=lambda block: block != 9)
    assert not got.any() and not counted.any()


def test_enlarging_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot enlarge"):
        area_mean(IMAGE, (36, 22))


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(3000, 2500, (224, 187)), (10, 4000, (1, 224)), (8, 8, (224, 224))]
)
def test_fitted_shape_keeps_the_aspect(height: int, width: int, expected: tuple[int, int]) -> None:
    assert fitted_shape(height, width, 224) == expected


def test_extent_beyond_the_image_repeats_its_border() -> None:
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    padded = np.pad(pixels, 1, mode="edge")
    means, _ = area_mean(pixels, (1, 2), extent=((-1.0, 4.0), (-1.0, 5.0)))
    np.testing.assert_allclose(means, area_mean(padded, (1, 2))[0], rtol=1e-6)


def test_extent_within_the_image_is_that_part() -> None:
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8)
    means, _ = area_mean(pixels, (2, 2), extent=((2.0, 6.0), (4.0, 8.0)))
    np.testing.assert_allclose(means, area_mean(pixels[2:6, 4:8], (2, 2))[0], rtol=1e-6)
