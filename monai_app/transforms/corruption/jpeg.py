"""Jpegd: blocks and ringing of a film that was compressed too much (ITU-T T.81, Pillow's quality scale)."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.film import FilmCorruption

QUALITY = (40, 20, 10, 6, 3)
"""Pillow's JPEG quality (1 to 95) by severity."""


class Jpegd(FilmCorruption):
    """Write films as 8-bit JPEG in memory and read them again."""

    name = "jpeg"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """The quality; nothing is random."""
        return {"jpeg_quality": self.level(QUALITY)}

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The area after one compression."""
        with BytesIO() as stream:
            Image.fromarray(np.rint(area * 255).astype(np.uint8)).save(
                stream, "JPEG", quality=parameters["jpeg_quality"]
            )
            with Image.open(stream) as stored:
                return np.asarray(stored, np.float32) / np.float32(255)
