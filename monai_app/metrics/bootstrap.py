"""Percentile bootstrap over patients: subjects are drawn with replacement, each brings all its samples.

Efron and Tibshirani 1993, chapter 13. Drawing samples instead would make intervals too narrow where one patient has
several samples. The draws depend on the seed, the subjects and the number of resamples, never on the samples' order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.metrics.labels import Floats, Mask, number_or_none

Rows = Mask | NDArray[np.int64]
"""Samples as a mask (N,) or as indices (n,)."""

CONFIDENCE = 0.95
"""Level of every interval."""

MIN_DEFINED_SHARE = 0.5
"""An interval needs at least this share of resamples in which its metric is defined."""

_CHUNK_ELEMENTS = 1 << 21


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; None is undefined.

    Attributes:
        value: the metric on the samples themselves.
        low: lower percentile bound.
        high: upper percentile bound.
        defined: share of the resamples in which the metric was defined.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    defined: float = 0.0

    def as_dict(self) -> dict[str, float | None]:
        """The fields for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


class PatientBootstrap:
    """Draws of subjects, shared by all metrics of a report so that their resamples are the same.

    Args:
        subject_id: the patient of each sample (N,).
        resamples: number of draws R; 0 gives no intervals.
        seed: same seed, same draws.

    Raises:
        InputRejected: ``RESAMPLES_INVALID`` for a negative number.
    """

    def __init__(self, subject_id: NDArray[np.int64], *, resamples: int = 1000, seed: int = 0) -> None:
        if resamples < 0:
            raise InputRejected("RESAMPLES_INVALID", "a count is negative", got=resamples, expected=">= 0 resamples")
        self.resamples = resamples
        subjects, self._index = np.unique(subject_id, return_inverse=True)
        self.subjects = int(subjects.size)
        random = numpy_generator("patient-bootstrap", seed)
        self._counts = np.empty((resamples, self.subjects), dtype=np.uint16)
        for row in range(resamples if self.subjects else 0):
            drawn = np.bincount(random.integers(self.subjects, size=self.subjects), minlength=self.subjects)
            self._counts[row] = drawn

    def replicates(self, rows: Rows, metric: Callable[[Floats], Floats]) -> Floats:
        """A metric over all resamples.

        Args:
            rows: the samples the metric is about, a mask (N,) or indices, which may repeat.
            metric: weights (r, rows) -> (r,), see :mod:`monai_app.metrics.resampled`.

        Returns:
            (R,), NaN where undefined; with fewer than two patients nothing can be drawn and all are NaN.
        """
        index = self._index[rows]
        if np.unique(index).size < 2:
            return np.full(self.resamples, np.nan)
        step = max(1, _CHUNK_ELEMENTS // index.size)
        parts = [
            metric(np.take(self._counts[start : start + step], index, axis=1).astype(np.float64))
            for start in range(0, self.resamples, step)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)


def interval(value: float | None, replicates: Floats) -> Estimate:
    """The percentile interval of replicates (R,) around a value; no bounds where too few are defined."""
    if value is None or not replicates.size:
        return Estimate(value=value)
    known = replicates[np.isfinite(replicates)]
    share = known.size / replicates.size
    if share < MIN_DEFINED_SHARE:
        return Estimate(value=value, defined=share)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return Estimate(value=value, low=number_or_none(low), high=number_or_none(high), defined=share)
