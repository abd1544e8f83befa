"""DownSamplingd: a film that was stored too small, such as a thumbnail or a photograph of a screen."""

from __future__ import annotations

import numpy as np
from monai.transforms import RandSimulateLowResolution

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.film import FilmCorruption, as_area, as_picture

ZOOM = (0.6, 0.4, 0.25, 0.15, 0.08)
"""Side of the stored film over the side that the network sees, by severity."""


class DownSamplingd(FilmCorruption):
    """Average films down and enlarge them again bilinearly."""

    name = "down_sampling"

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """The zoom; nothing is random."""
        return {"zoom": self.level(ZOOM)}

    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The area at a lower resolution, in its own size."""
        zoom = parameters["zoom"]
        shrink = RandSimulateLowResolution(
            prob=1.0, downsample_mode="area", upsample_mode="bilinear", zoom_range=(zoom, zoom)
        )
        shrink.set_random_state(seed=0)  # the range is a point; the state only keeps MONAI from a global draw
        return as_area(shrink(as_picture(area)))
