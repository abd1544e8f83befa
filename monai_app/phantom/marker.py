"""Lead letters on the cassette: the side marker, and PORTABLE on bedside films."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import numpy as np

from monai_app.phantom.resample import enlarge

LEAD_PATH = 3.2
"""Line integral of the attenuation of the lead letter (transmits 4 %)."""


class Lead(StrEnum):
    """Which lead letters lie on the cassette: the film's own, none, or those of its twin.

    The twin has the letter of the other side, and PORTABLE where the film has none, none where the film has it.
    """

    OWN = "own"
    NONE = "none"
    SWAPPED = "swapped"


_GLYPHS = {
    "L": ("10000", "10000", "10000", "10000", "10000", "10000", "11111"),
    "R": ("11110", "10001", "10001", "11110", "10100", "10010", "10001"),
    "P": ("11110", "10001", "10001", "11110", "10000", "10000", "10000"),
    "O": ("01110", "10001", "10001", "10001", "10001", "10001", "01110"),
    "T": ("11111", "00100", "00100", "00100", "00100", "00100", "00100"),
    "A": ("01110", "10001", "10001", "11111", "10001", "10001", "10001"),
    "B": ("11110", "10001", "10001", "11110", "10001", "10001", "11110"),
    "E": ("11111", "10000", "10000", "11110", "10000", "10000", "11111"),
}


@lru_cache
def letters(text: str, scale: int) -> np.ndarray:
    """A text (H, W) as coverage in [0, 1], ``scale`` pixels a dot."""
    columns = [np.array([[int(dot) for dot in row] for row in _GLYPHS[letter]], np.float32) for letter in text]
    spaced = [np.pad(glyph, ((1, 1), (1, 1))) for glyph in columns]
    smooth = enlarge(np.concatenate(spaced, axis=1), scale)
    return np.clip((smooth - 0.12) / 0.3, 0.0, 1.0).astype(np.float32)


def place_marker(path: np.ndarray, text: str, *, row_px: int, column_px: int, scale: int) -> None:
    """Add lead letters to a map of line integrals in place, centred on a pixel and kept inside the picture."""
    glyphs = letters(text, scale)
    top = int(np.clip(row_px - glyphs.shape[0] // 2, 0, path.shape[0] - glyphs.shape[0]))
    left = int(np.clip(column_px - glyphs.shape[1] // 2, 0, path.shape[1] - glyphs.shape[1]))
    path[top : top + glyphs.shape[0], left : left + glyphs.shape[1]] += LEAD_PATH * glyphs
