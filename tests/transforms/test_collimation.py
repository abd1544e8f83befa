"""Collimation: uniform borders go, the picture stays, and the crop can be undone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.transforms.collimation import LARGEST_CUT, CollimationCropd, collimation_box


def chest(height: int = 90, width: int = 80) -> np.ndarray:
    noise = np.random.default_rng(0).uniform(0.2, 0.8, (height, width))
    return noise.astype(np.float32)


def framed(border: float, top: int = 10, left: int = 7) -> np.ndarray:
    film = np.full((110, 100), border, np.float32)
    film[top : top + 90, left : left + 80] = chest()
    return film


@pytest.mark.parametrize("border", [0.0, 0.5, 1.0])
def test_uniform_border_of_any_shade_is_cut_off(border: float) -> None:
    rows, columns = collimation_box(framed(border))
    assert (rows.start, rows.stop, columns.start, columns.stop) == (10, 100, 7, 87)


def test_film_without_a_border_is_kept_whole() -> None:
    rows, columns = collimation_box(chest())
    assert (rows.start, rows.stop, columns.start, columns.stop) == (0, 90, 0, 80)


def test_box_goes_along_with_a_turned_film() -> None:
    rows, columns = collimation_box(framed(0.0))
    turned_rows, turned_columns = collimation_box(np.rot90(framed(0.0)).copy())
    assert turned_columns == rows
    assert (turned_rows.start, turned_rows.stop) == (100 - columns.stop, 100 - columns.start)


def test_no_side_loses_more_than_it_may() -> None:
    film = np.zeros((100, 100), np.float32)
    film[80:90, 40:60] = chest(10, 20)
    rows, _ = collimation_box(film)
    assert rows.start == int(LARGEST_CUT * 100)


def test_crop_and_inverse_give_the_film_back() -> None:
    film = torch.from_numpy(framed(0.0))[None]
    crop = CollimationCropd("film")
    cropped = crop({"film": film, "film_present": True})
    assert cropped["film"].shape == (1, 90, 80)
    assert torch.equal(crop.inverse(cropped)["film"].as_tensor(), film)


def test_absent_film_stays() -> None:
    film = torch.zeros(1, 8, 8)
    sample = {"film": film, "film_present": False}
    crop = CollimationCropd("film")
    assert crop(sample)["film"] is film and crop.inverse(sample)["film"] is film


@pytest.mark.parametrize(("value", "code"), [(float("nan"), "NOT_FINITE"), (0.5, "NO_CONTENT")])
def test_meaningless_films_are_refused(value: float, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        collimation_box(np.full((9, 9), value, np.float32))
