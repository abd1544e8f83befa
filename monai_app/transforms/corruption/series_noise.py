"""SeriesNoised: measuring errors of every observation, as large as a share of its channel's spread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import numpy as np
from monai.config import KeysCollection

from monai_app.cohort.spec import Channel, ModelSpec, SeriesSpec
from monai_app.core.random import numpy_generator
from monai_app.transforms.corruption.base import Floats, Parameters, draw_seed
from monai_app.transforms.corruption.series import SeriesCorruption, series_of

RELATIVE_STD = (0.1, 0.25, 0.5, 1.0, 2.0)
"""Standard deviation of the noise over that of the channel, by severity."""
STDS_PER_RANGE = 20
"""Standard deviations that a channel's plausible range is taken to hold, where the train samples' are not given."""


class SeriesNoised(SeriesCorruption):
    """Add normal noise to every observation, within the channel's plausible range.

    Args:
        keys: as a rule ``series``.
        severity: 0 to 5.
        series: the time grid.
        std: (C,) standard deviations of the channels over the train samples; None: see :func:`spread`.

    Raises:
        ValueError: when ``std`` has not one entry a channel, or a channel has neither.
    """

    name = "noise"

    def __init__(
        self,
        keys: KeysCollection,
        severity: int,
        *,
        series: SeriesSpec,
        std: Floats | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, severity, series=series, allow_missing_keys=allow_missing_keys)
        given = [spread(channel) for channel in series.channels] if std is None else std
        self.std = np.asarray(given, np.float32)
        if self.std.shape != (len(series.channels),):
            msg = f"std must have one entry for each of {len(series.channels)} channels, got shape {self.std.shape}"
            raise ValueError(msg)
        limits = [(channel.low, channel.high) for channel in series.channels]
        self.low = np.array([-np.inf if low is None else low for low, _ in limits], np.float32)
        self.high = np.array([np.inf if high is None else high for _, high in limits], np.float32)

    @classmethod
    def for_spec(cls, severity: int, spec: ModelSpec, statistics: Mapping[str, Floats] | None = None) -> Self:
        """Noise relative to ``series_std`` of the train statistics where they are given."""
        std = None if statistics is None else statistics["series_std"]
        return cls(cls.modality.value, severity, series=series_of(spec), std=std)

    def draw_observed(self, rng: np.random.Generator, observed: Floats) -> Parameters:
        """Relative standard deviation, and the seed of the noise."""
        return {"relative_std": self.level(RELATIVE_STD), "seed": draw_seed(rng)}

    def distort(self, observed: Floats, parameters: Parameters) -> Floats:
        """The observations under noise."""
        noise = numpy_generator("series noise", parameters["seed"]).standard_normal(observed.shape)
        noisy = observed + noise * parameters["relative_std"] * self.std
        return np.clip(noisy, self.low, self.high).astype(np.float32)


def spread(channel: Channel) -> float:
    """A guess of a channel's standard deviation from its plausible range.

    A twentieth of the range, but no more than its geometric middle: the range of a skewed channel spans decades.

    Raises:
        ValueError: when the channel has no range.
    """
    if channel.low is None or channel.high is None:
        msg = f"noise needs the standard deviation of {channel.name}: it has no plausible range"
        raise ValueError(msg)
    twentieth = (channel.high - channel.low) / STDS_PER_RANGE
    return min(twentieth, math.sqrt(channel.low * channel.high)) if channel.low > 0 else twentieth
