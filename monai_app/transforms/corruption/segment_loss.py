"""SegmentLossd: a stretch of time of which nothing was recorded, such as a transport or a failed interface."""

from __future__ import annotations

import numpy as np

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.series import SeriesCorruption

SHARE = (0.1, 0.2, 0.35, 0.55, 0.8)
"""Share of the grid's hours that is lost, by severity."""


class SegmentLossd(SeriesCorruption):
    """Forget one drawn stretch of all channels; the latest step with a value stays if all others are lost."""

    name = "segment_loss"

    def draw_observed(self, rng: np.random.Generator, observed: Floats) -> Parameters:
        """First and last step lost; the stretch of a lower severity lies within."""
        steps = len(observed)
        length = max(1, round(self.level(SHARE) * steps))
        first = int(rng.random() * (steps - length + 1))
        stop = first + length
        seen = np.flatnonzero(np.isfinite(observed).any(axis=1))
        if seen.size and first <= seen[0] and seen[-1] < stop:
            stop = int(seen[-1])
        return {"first_step": first, "stop_step": max(first, stop)}

    def distort(self, observed: Floats, parameters: Parameters) -> Floats:
        """The observations without that stretch."""
        observed[parameters["first_step"] : parameters["stop_step"]] = np.nan
        return observed
