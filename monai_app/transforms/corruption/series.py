"""SeriesCorruption: what all corruptions of series share; they act on what was observed, and the rest follows.

Values carried forward, mask and hours since are recomputed from the corrupted observations as ``cohort.timegrid``
computes them, so that a corrupted series is one that a hospital could have sent.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Self

import numpy as np
from monai.config import KeysCollection

from monai_app.cohort.spec import Modality, ModelSpec, SeriesSpec
from monai_app.transforms.corruption.base import Corruption, Floats, Parameters


class SeriesCorruption(Corruption):
    """Corrupt series (3, T, C).

    Args:
        keys: as a rule ``series``.
        severity: 0 to 5.
        series: the channels, the hours and the step of the grid.
    """

    modality = Modality.SERIES

    def __init__(
        self, keys: KeysCollection, severity: int, *, series: SeriesSpec, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, severity, allow_missing_keys=allow_missing_keys)
        self.series = series

    @classmethod
    def for_spec(cls, severity: int, spec: ModelSpec, statistics: Mapping[str, Floats] | None = None) -> Self:
        """The corruption for the series of a model."""
        return cls(cls.modality.value, severity, series=series_of(spec))

    @abstractmethod
    def draw_observed(self, rng: np.random.Generator, observed: Floats) -> Parameters:
        """Parameters for observations (T, C), NaN where there is none."""

    @abstractmethod
    def distort(self, observed: Floats, parameters: Parameters) -> Floats:
        """The corrupted observations (T, C); the array given is the transform's own."""

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """Parameters for a series."""
        return self.draw_observed(rng, observations(value))

    def degrade(self, value: Floats, parameters: Parameters) -> Floats:
        """The series of the corrupted observations."""
        return carried_forward(self.distort(observations(value), parameters), self.series)


def series_of(spec: ModelSpec) -> SeriesSpec:
    """The time grid of a model.

    Raises:
        ValueError: when it has none.
    """
    if spec.modalities.series is None:
        msg = "a corruption of series needs a model with series, got one without"
        raise ValueError(msg)
    return spec.modalities.series


def observations(series: Floats) -> Floats:
    """(3, T, C) to the values of the steps that observed one, (T, C), NaN elsewhere."""
    return np.where(series[1] > 0, series[0], np.float32(np.nan)).astype(np.float32, copy=False)


def carried_forward(observed: Floats, series: SeriesSpec) -> Floats:
    """Observations (T, C) as values carried forward, mask and hours since, (3, T, C), as ``cohort.time_grid``."""
    mask = ~np.isnan(observed)
    steps = np.arange(len(observed))[:, None]
    last = np.maximum.accumulate(np.where(mask, steps, -1), axis=0)
    values = np.take_along_axis(observed, np.maximum(last, 0), axis=0)
    hours = np.minimum((steps - last).astype(np.float32) * np.float32(series.step_hours), np.float32(series.hours))
    result: Floats = np.stack([values, mask, np.where(last < 0, np.float32(series.hours), hours)]).astype(np.float32)
    return result
