"""GaussianNoised: electronic and quantum noise of a detector, the same everywhere on the film."""

from __future__ import annotations

import numpy as np
from monai.transforms import RandGaussianNoise

from monai_app.transforms.corruption.base import Floats, Parameters, draw_seed
from monai_app.transforms.corruption.film import FilmCorruption, as_area, as_picture

STD = (0.015, 0.035, 0.07, 0.12, 0.20)
"""Standard deviation by severity, in grey levels of the film's [0, 1]."""


class GaussianNoised(FilmCorruption):
    """Add normal noise to films."""

    name = "gaussian_noise"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """Standard deviation, and the seed of the noise."""
        return {"std": self.level(STD), "seed": draw_seed(rng)}

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The area under noise."""
        return noisy(area, std=parameters["std"], seed=parameters["seed"])


def noisy(area: Floats, *, std: float, seed: int) -> Floats:
    """An area (H, W) with normal noise added."""
    add_noise = RandGaussianNoise(prob=1.0, std=std, sample_std=False)
    add_noise.set_random_state(seed=seed)
    return as_area(add_noise(as_picture(area)))
