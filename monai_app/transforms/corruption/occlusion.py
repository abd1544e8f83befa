"""Occlusiond: a dense foreign object on the patient, such as an electrode, a pacemaker's case or a necklace."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.film import FilmCorruption

AREA = (0.01, 0.025, 0.05, 0.10, 0.20)
"""Share of the film that the object covers (unless it reaches beyond the edge), by severity."""
OPACITY = 0.95
_EXPONENT = {"ellipse": 2, "plate": 8}
"""Of the superellipse |x/a|^n + |y/b|^n <= 1."""


class Occlusiond(FilmCorruption):
    """Lay one bright object of drawn form, place and brightness on films."""

    name = "occlusion"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """Form, area, centre (row and column as shares of the sides), aspect, angle and grey level."""
        return {
            "form": "ellipse" if rng.random() < 0.5 else "plate",
            "area_share": self.level(AREA),
            "centre": [float(share) for share in rng.uniform(0.25, 0.75, 2)],
            "aspect": float(rng.uniform(0.4, 1.0)),
            "angle_degrees": float(rng.uniform(0, 180)),
            "grey": float(rng.uniform(0.85, 1.0)),
        }

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The area under the object."""
        covered = object_mask(area.shape, parameters)
        under = np.float32(1 - OPACITY) * area + np.float32(OPACITY * parameters["grey"])
        return np.where(covered, under, area)


def object_mask(shape: tuple[int, ...], parameters: Parameters) -> npt.NDArray[np.bool_]:
    """Where the object lies, (H, W)."""
    exponent = _EXPONENT[parameters["form"]]
    unit_area = 4 * math.gamma(1 + 1 / exponent) ** 2 / math.gamma(1 + 2 / exponent)
    long = math.sqrt(parameters["area_share"] * math.prod(shape) / (unit_area * parameters["aspect"]))
    row, column = np.indices(shape) - np.multiply(parameters["centre"], shape)[:, None, None]
    angle = math.radians(parameters["angle_degrees"])
    along = row * math.sin(angle) + column * math.cos(angle)
    across = row * math.cos(angle) - column * math.sin(angle)
    mask: npt.NDArray[np.bool_] = (
        np.abs(along / long) ** exponent + np.abs(across / (long * parameters["aspect"])) ** exponent <= 1
    )
    return mask
