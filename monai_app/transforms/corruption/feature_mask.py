"""FeatureMaskd: channels of a series that were never sent, such as a laboratory that is not connected."""

from __future__ import annotations

import math

import numpy as np

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.series import SeriesCorruption

SHARE = (0.1, 0.2, 0.4, 0.6, 0.8)
"""Share of the observed channels that is lost, rounded up, by severity; one stays."""


class FeatureMaskd(SeriesCorruption):
    """Forget all values of drawn channels: no value, no mask, hours since as long as the grid."""

    name = "feature_mask"

    def draw_observed(self, rng: np.random.Generator, observed: Floats) -> Parameters:
        """Names of the lost channels; those of a lower severity are among them."""
        known = rng.permutation(np.flatnonzero(np.isfinite(observed).any(axis=0)))
        lost = known[: max(0, min(math.ceil(self.level(SHARE) * len(known)), len(known) - 1))]
        return {"channels": [self.series.channels[index].name for index in lost]}

    def distort(self, observed: Floats, parameters: Parameters) -> Floats:
        """The observations without those channels."""
        gone = set(parameters["channels"])
        observed[:, [channel.name in gone for channel in self.series.channels]] = np.nan
        return observed
