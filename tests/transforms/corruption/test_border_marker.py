"""Border and marker: black edges as wide as recorded, letters only inside them."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.transforms.corruption.border_marker import BorderMarkerd

GREY = np.full((80, 100), 0.5, np.float32)
BORDERS = [0.1, 0.05, 0.2, 0.1]


def distorted(corner: str) -> np.ndarray:
    parameters = {"borders": BORDERS, "text": "R", "corner": corner, "text_height": 0.2}
    return BorderMarkerd("film", 3).distort(GREY, parameters)


def test_borders_are_black_and_the_rest_is_kept() -> None:
    result = distorted("top left")
    assert not result[:8].any() and not result[76:].any() and not result[:, :20].any() and not result[:, 90:].any()
    inside = result[8:76, 20:90]
    assert (inside == 0.5).mean() > 0.9 and (inside >= 0.5).all()


@pytest.mark.parametrize("corner", ["top left", "top right", "bottom left", "bottom right"])
def test_marker_lies_in_its_corner(corner: str) -> None:
    rows, columns = np.nonzero(distorted(corner) > 0.9)
    assert rows.size
    assert (rows.mean() < 42) == ("top" in corner) and (columns.mean() < 55) == ("left" in corner)
