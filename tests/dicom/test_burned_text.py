"""Burnt-in text is found in films and slices, whatever its size, and markers and anatomy are none (row 43)."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from monai_app.dicom.burned_text import frames_with_text, has_text


def anatomy(seed: int = 0, side: int = 400) -> np.ndarray:
    """Round shapes of many sizes with noise, (side, side) from 0 to about 3000."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:side, 0:side]
    image = np.zeros((side, side))
    for _ in range(60):
        row, column, radius = *rng.uniform(0, side, 2), rng.uniform(3, 60)
        image += rng.uniform(100, 800) * (np.hypot(rows - row, columns - column) < radius)
    image = ndimage.gaussian_filter(image, 2)  # a detector is never as sharp as rendered text
    return (image + rng.normal(0, 20, image.shape)).clip(0, 4095).astype(np.uint16)


def burnt(image: np.ndarray, text: str, *, size: int, value: int) -> np.ndarray:
    picture = Image.fromarray(image.astype(np.float32))
    ImageDraw.Draw(picture).text((20, 30), text, fill=float(value), font=ImageFont.load_default(size=size))
    return np.asarray(picture).astype(np.uint16)


@pytest.mark.parametrize("seed", range(6))
def test_anatomy_is_no_text(seed: int) -> None:
    assert not has_text(anatomy(seed))


@pytest.mark.parametrize("marker", ["L", "R", "AP"])
def test_side_marker_is_no_text(marker: str) -> None:
    assert not has_text(burnt(anatomy(), marker, size=32, value=4095))


@pytest.mark.parametrize("size", [12, 18, 32])
@pytest.mark.parametrize("seed", range(2))
def test_row_43_name_is_found(size: int, seed: int) -> None:
    assert has_text(burnt(anatomy(seed), "SMITH JANE 29.02.1960", size=size, value=4095))


def test_row_43_dark_text_on_a_bright_film_is_found() -> None:
    assert has_text(4095 - burnt(anatomy(), "SMITH JANE", size=20, value=4095))


def test_row_43_every_frame_is_looked_at() -> None:
    frames = [anatomy(seed) for seed in range(3)]
    frames[1] = burnt(frames[1], "SMITH JANE", size=20, value=4095)
    assert frames_with_text(frames) == [2]


def test_empty_frame_is_no_text() -> None:
    assert not has_text(np.zeros((20, 20), np.uint8))
