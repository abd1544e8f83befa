from __future__ import annotations

import numpy as np
import pytest

from monai_app.explain.volumes.own_grid import (
    map_image,
    mask_on_own_grid,
    on_own_grid,
    peak_of,
    smoothed,
    voxel_at,
)
from tests.explain.volumes.tiny import AFFINE, ball, material, seen
from tests.inference.tiny import AFFINES


def test_a_map_on_the_same_grid_is_the_same_map() -> None:
    values = np.random.default_rng(0).normal(size=(16, 16, 16)).astype(np.float32)
    assert np.array_equal(on_own_grid(values, seen(), AFFINE, (16, 16, 16)), values)


def test_a_map_comes_back_to_the_place_in_the_patient_that_it_was_made_for() -> None:
    image = material().grid
    found = mask_on_own_grid(ball(), seen(), image.affine_ras, image.array.shape)
    assert (found == (image.array > 0.5)).mean() > 0.98


def test_beyond_what_the_network_saw_there_is_nothing() -> None:
    part = seen().part((4, 4, 4), (8, 8, 8))
    found = on_own_grid(np.ones((8, 8, 8), np.float32), part, AFFINE, (16, 16, 16))
    assert found.sum() == pytest.approx(8**3) and (found[4:12, 4:12, 4:12] == 1).all()


@pytest.mark.parametrize("name", AFFINES)
def test_the_peak_is_found_again_by_its_place_in_the_patient(name: str) -> None:
    values = np.zeros((16, 16, 16), np.float32)
    values[3, 9, 12] = 2.0
    volume = type(seen())(seen().image, AFFINES[name])
    peak = peak_of(smoothed(values), volume)
    assert peak.voxel == (3, 9, 12) == voxel_at(peak.ras_mm, AFFINES[name], (16, 16, 16))


def test_the_peak_in_words_has_the_letters_of_its_side() -> None:
    values = np.zeros((16, 16, 16), np.float32)
    values[0, 0, 0] = -1.0
    peak = peak_of(values, seen())
    assert peak.value == -1.0 and peak.words == "L 10, A 5, S 30 mm"


def test_the_file_says_where_the_map_lies() -> None:
    image = map_image(np.ones((2, 3, 4)), AFFINE)
    assert np.allclose(image.affine, AFFINE) and image.header.get_xyzt_units()[0] == "mm"
    assert image.get_data_dtype() == np.float32
