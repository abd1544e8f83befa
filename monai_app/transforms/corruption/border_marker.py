"""BorderMarkerd: a collimator closed too far, and a text marker burnt into the film.

Markers name the hospital's machine more often than the disease (Zech et al., PLOS Medicine 2018).
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.film import FilmCorruption

BORDER = (0.03, 0.06, 0.10, 0.15, 0.22)
"""Widest collimated border over the film's side, by severity."""
TEXT_HEIGHT = (0.05, 0.07, 0.10, 0.13, 0.17)
"""Height of the marker's letters over the film's height, by severity."""
TEXTS = ("L", "R", "AP", "SUPINE", "ERECT", "PORTABLE")


class BorderMarkerd(FilmCorruption):
    """Black borders of drawn widths on all four sides of films, and one marker in a drawn corner."""

    name = "border_marker"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """Widths (top, bottom, left, right) as shares of the sides; the marker's text, corner and height."""
        widths = rng.uniform(0.3, 1.0, 4) * self.level(BORDER)
        text, corner = TEXTS[int(rng.integers(len(TEXTS)))], int(rng.integers(4))
        return {
            "borders": [float(width) for width in widths],
            "text": text,
            "corner": ["top left", "top right", "bottom left", "bottom right"][corner],
            "text_height": self.level(TEXT_HEIGHT),
        }

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The collimated area with its marker."""
        height, width = area.shape
        top, bottom, left, right = parameters["borders"]
        inside = np.zeros(area.shape, np.bool_)
        rows = slice(round(top * height), height - round(bottom * height))
        columns = slice(round(left * width), width - round(right * width))
        inside[rows, columns] = True
        marked = np.where(inside, area, np.float32(0))
        return np.maximum(marked, marker(area.shape, parameters, rows, columns))


def marker(shape: tuple[int, ...], parameters: Parameters, rows: slice, columns: slice) -> Floats:
    """The text in white on black (H, W), in a corner of the rows and columns that are not collimated."""
    size_px = max(1, round(parameters["text_height"] * shape[0]))
    canvas = Image.new("L", (shape[1], shape[0]))
    vertical, horizontal = parameters["corner"].split()
    gap = size_px // 4
    place = (
        columns.start + gap if horizontal == "left" else columns.stop - gap,
        rows.start + gap if vertical == "top" else rows.stop - gap,
    )
    anchor = ("l" if horizontal == "left" else "r") + ("t" if vertical == "top" else "b")
    font = ImageFont.load_default(size_px)
    ImageDraw.Draw(canvas).text(place, parameters["text"], fill=255, font=font, anchor=anchor)
    return np.asarray(canvas, np.float32) / np.float32(255)
