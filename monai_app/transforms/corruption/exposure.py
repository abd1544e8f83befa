"""Exposured: too little radiation (bright, dense tissue saturated, mottled) or too much (dark, lungs burnt out).

White is dense. A bent curve alone would be undone by CLAHE; what saturates and what drowns in quantum mottle is lost.
"""

from __future__ import annotations

import numpy as np
from monai.transforms import AdjustContrast

from monai_app.transforms.corruption.base import Floats, Parameters, draw_seed
from monai_app.transforms.corruption.film import FilmCorruption, as_area, as_picture
from monai_app.transforms.corruption.gaussian_noise import noisy

GAMMA = (1.1, 1.25, 1.45, 1.75, 2.2)
"""Exponent of an overexposed film by severity; an underexposed one has its reciprocal."""
SATURATED = (0.02, 0.05, 0.10, 0.16, 0.25)
"""Share of the range of grey levels that saturates, by severity."""
MOTTLE_STD = (0.01, 0.02, 0.03, 0.05, 0.08)
"""Standard deviation of the quantum mottle of an underexposed film, by severity."""


class Exposured(FilmCorruption):
    """Over- or underexpose films, as drawn."""

    name = "exposure"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """Direction, gamma, saturated share, and the mottle of an underexposed film."""
        under, seed = bool(rng.random() < 0.5), draw_seed(rng)
        gamma, saturated = self.level(GAMMA), self.level(SATURATED)
        if under:
            mottle = {"mottle_std": self.level(MOTTLE_STD), "seed": seed}
            return {"direction": "under", "gamma": 1 / gamma, "saturated": saturated, **mottle}
        return {"direction": "over", "gamma": gamma, "saturated": saturated}

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The area as the wrong exposure shows it."""
        bent = as_area(AdjustContrast(gamma=parameters["gamma"])(as_picture(area)))
        kept = np.float32(1 - parameters["saturated"])
        if parameters["direction"] == "over":
            return (bent - (1 - kept)) / kept
        return noisy(np.minimum(bent / kept, 1), std=parameters["mottle_std"], seed=parameters["seed"])
