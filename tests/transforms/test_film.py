"""Loading films: the same square whatever the container, and black where there is no film."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from monai_app.core.errors import InputRejected
from monai_app.transforms.film import LoadFilmd, letterbox, load_film
from tests.faults.films import ramp, write_film

LOAD = LoadFilmd("film", size_px=16)


def picture(path: Path, values: np.ndarray) -> str:
    Image.fromarray(values).save(path)
    return str(path)


def test_absent_film_is_zeros_whatever_its_path() -> None:
    film = LOAD({"film": "/nowhere", "film_present": False})["film"]
    assert film.shape == (1, 16, 16) and film.dtype == torch.float32 and not film.any()


def test_present_film_is_a_float_square_in_the_unit_range(tmp_path: Path) -> None:
    film = LOAD({"film": str(write_film(tmp_path / "x.dcm")), "film_present": True})["film"]
    assert film.shape == (1, 16, 16) and film.dtype == torch.float32
    assert 0 <= film.min() < film.max() <= 1


def test_monochrome1_film_gives_the_square_of_its_twin(tmp_path: Path) -> None:
    twin = load_film(write_film(tmp_path / "2.dcm"), 16)
    film = load_film(write_film(tmp_path / "1.dcm", 4000 - ramp(), PhotometricInterpretation="MONOCHROME1"), 16)
    np.testing.assert_allclose(film, twin, atol=1e-6)


def test_dicom_and_16_bit_png_of_the_same_values_are_equal(tmp_path: Path) -> None:
    png = load_film(picture(tmp_path / "x.png", ramp()), 16)
    np.testing.assert_allclose(png, load_film(write_film(tmp_path / "x.bin"), 16), atol=1e-6)


def test_grey_stored_as_colour_equals_grey(tmp_path: Path) -> None:
    grey = (ramp() >> 4).astype(np.uint8)
    as_colour = load_film(picture(tmp_path / "c.png", np.repeat(grey[..., None], 3, -1)), 16)
    np.testing.assert_array_equal(as_colour, load_film(picture(tmp_path / "g.png", grey), 16))


def test_8_bit_picture_keeps_its_grey(tmp_path: Path) -> None:
    values = np.full((32, 32), 51, np.uint8)
    values[0, 0] = 52
    np.testing.assert_allclose(load_film(picture(tmp_path / "x.png", values), 16)[1:], 0.2, atol=1e-6)


@pytest.mark.parametrize("side", [25, 33, 50])
def test_white_areas_stay_in_the_unit_range(tmp_path: Path, side: int) -> None:
    values = np.full((side, side + 7), 255, np.uint8)
    values[0, 0] = 0
    assert load_film(picture(tmp_path / "x.png", values), 16).max() <= 1


def test_letterbox_centres_without_stretching() -> None:
    square = letterbox(np.ones((16, 8), np.float32), 16)
    assert (square[:, 4:12] == 1).all() and square.sum() == 16 * 8


def test_small_film_is_enlarged_to_touch_two_sides() -> None:
    square = letterbox(np.ones((4, 2), np.float32), 16)
    np.testing.assert_allclose(square.sum(), 16 * 8, rtol=1e-6)


def test_rejection_passes_through_the_transform(tmp_path: Path) -> None:
    path = write_film(tmp_path / "x.dcm", Modality="CT")
    with pytest.raises(InputRejected, match="WRONG_MODALITY"):
        LOAD({"film": str(path), "film_present": True})
