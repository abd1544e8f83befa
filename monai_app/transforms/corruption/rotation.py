"""Rotationd: a patient or a cassette that lay askew."""

from __future__ import annotations

import math

import numpy as np
from monai.transforms import Rotate

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.film import FilmCorruption, as_area, as_picture

ANGLE_DEGREES = (4.0, 9.0, 16.0, 27.0, 45.0)
"""Angle by severity; its sign is drawn."""


class Rotationd(FilmCorruption):
    """Turn films about their centre, bilinearly and within their own size; the corners are black."""

    name = "rotation"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """The angle with its sign."""
        return {"angle_degrees": self.level(ANGLE_DEGREES) * (1 if rng.random() < 0.5 else -1)}

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The area, turned."""
        turn = Rotate(angle=math.radians(parameters["angle_degrees"]), keep_size=True, padding_mode="zeros")
        return as_area(turn(as_picture(area)))
