"""Motiond: the patient moved or breathed during the exposure, along one direction."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import convolve

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.film import FilmCorruption

LENGTH = (0.010, 0.020, 0.035, 0.060, 0.100)
"""Way moved over the film's longer side, by severity."""
_POINTS_PER_PIXEL = 8


class Motiond(FilmCorruption):
    """Blur films along a line of drawn direction."""

    name = "motion"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """Length of the way and its angle to the rows."""
        return {"length_share": self.level(LENGTH), "angle_degrees": float(rng.uniform(0, 180))}

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The area averaged along the way; what comes in from outside repeats the edge."""
        kernel = line_kernel(parameters["length_share"] * max(area.shape), parameters["angle_degrees"])
        return np.asarray(convolve(area, kernel, mode="nearest"), np.float32)


def line_kernel(length_px: float, angle_degrees: float) -> Floats:
    """Weights (K, K) that sum to 1, spread bilinearly along a centred line."""
    reach = math.ceil(length_px / 2) + 1
    way = np.linspace(-length_px / 2, length_px / 2, _POINTS_PER_PIXEL * reach + 1)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    row, column = (reach + way * turn(math.radians(angle_degrees)) for turn in (math.sin, math.cos))
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    down, right = row - top, column - left
    for step_row, weight_row in ((0, 1 - down), (1, down)):
        for step_column, weight_column in ((0, 1 - right), (1, right)):
            rows, columns = np.minimum(top + step_row, 2 * reach), np.minimum(left + step_column, 2 * reach)
            np.add.at(kernel, (rows, columns), weight_row * weight_column)
    weights: Floats = (kernel / kernel.sum()).astype(np.float32)
    return weights
