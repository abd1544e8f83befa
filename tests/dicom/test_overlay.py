"""Overlays: what is found is drawn where it is, what is not is left alone, text covers no image."""

from __future__ import annotations

import numpy as np

from monai_app.dicom.colours import colour_of
from monai_app.dicom.film import Film
from monai_app.dicom.overlay import AGAINST_COLOUR, FOR_COLOUR, captioned, film_overlay, slice_overlay
from monai_app.dicom.volume import Volume

FILM = Film(np.full((60, 48), 0.5, np.float32), (0.2, 0.2), "PA", "CHEST", False, ("R", "L", "S", "I"))
VOLUME = Volume(np.random.default_rng(0).normal(0, 100, (40, 30, 20)).astype(np.float32), np.diag([1.0, 1.0, 2.0, 1.0]))


def test_map_of_nothing_leaves_the_film_grey() -> None:
    pixels = film_overlay(FILM, np.zeros((20, 16)), name="a", method="m").pixels
    assert (pixels == 128).all() and pixels.shape[2] == 3


def test_map_is_laid_where_it_speaks_for_and_against() -> None:
    values = np.zeros((60, 48))
    values[:20, :16], values[40:, 32:] = 1.0, -0.5
    overlay = film_overlay(FILM, values, name="heart_failure", method="Grad-CAM")
    rows, columns = overlay.pixels.shape[:2]
    hot, cold, between = (
        overlay.pixels[int(rows * place), int(columns * place)].astype(int) for place in (0.1, 0.9, 0.5)
    )
    assert np.abs(hot - 128 - 0.6 * (np.array(FOR_COLOUR) - 128)).max() <= 2
    assert np.abs(cold - 128 - 0.3 * (np.array(AGAINST_COLOUR) - 128)).max() <= 2
    assert (between == 128).all()
    assert [name for _, name in overlay.legend] == ["for heart failure", "against heart failure"]


def test_outlines_are_drawn_in_the_colours_of_their_structures() -> None:
    labels = np.zeros(VOLUME.array.shape, np.uint8)
    labels[5:15, 5:15, 8:12], labels[25:35, 15:25, 8:12] = 1, 3
    overlay = slice_overlay(VOLUME, labels, ["a", "b", "c"], modality="CT")
    assert [name for _, name in overlay.legend] == ["a", "c"]
    drawn = {tuple(colour) for colour in overlay.pixels.reshape(-1, 3) if len(set(colour)) > 1}
    assert drawn == {colour_of(1), colour_of(3)}
    right = (overlay.pixels == colour_of(1)).all(axis=2)  # low x is the patient's left in RAS ascending: shown right
    assert np.argwhere(right)[:, 1].mean() > np.argwhere((overlay.pixels == colour_of(3)).all(axis=2))[:, 1].mean()


def test_nothing_found_is_said() -> None:
    overlay = slice_overlay(VOLUME, np.zeros(VOLUME.array.shape, np.uint8), ["a"], modality="CT")
    assert overlay.legend == () and overlay.caption.endswith("nothing found")


def test_text_stands_beside_the_picture() -> None:
    overlay = film_overlay(FILM, np.zeros((20, 16)), name="a", method="m")
    page = captioned(overlay, ["NOT FOR DIAGNOSIS"])
    height, width = overlay.pixels.shape[:2]
    left = (page.shape[1] - width) // 2
    assert np.array_equal(page[28 : 28 + height, left : left + width], overlay.pixels)
    below = page[28 + height + 28 :]
    assert ((below[..., 0] > 200) & (below[..., 1] > 200) & (below[..., 2] < 60)).sum() > 100  # the notice, in yellow
