"""Contrastd: a flat film, as scattered radiation or a wrong window leave it, stored in 8 bits.

CLAHE stretches what is left of the contrast, but not the grey levels that were lost: hence the rounding.
"""

from __future__ import annotations

import numpy as np
from monai.transforms import ScaleIntensityFixedMean

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.film import FilmCorruption, as_area, as_picture

CONTRAST = (0.7, 0.45, 0.25, 0.12, 0.05)
"""Contrast left about the mean grey, by severity."""
GREY_LEVELS = 255


class Contrastd(FilmCorruption):
    """Draw the grey levels of films towards their mean and round them to 8 bits."""

    name = "contrast"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """The contrast left; nothing is random."""
        return {"contrast": self.level(CONTRAST)}

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The area with less contrast about its mean."""
        flat = as_area(ScaleIntensityFixedMean(factor=parameters["contrast"] - 1)(as_picture(area)))
        stored: Floats = np.rint(flat * GREY_LEVELS).astype(np.float32) / np.float32(GREY_LEVELS)
        return stored
