"""The distribution of one column: levels with their frequencies, or 101 quantiles, without the values of the few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]

FEWEST = 5
"""Patients that a value, or what lies beyond the outermost quantile, must have; rarer ones are not in the model."""

_MOST_LEVELS, _KNOTS, _MOST_DECIMALS = 20, 101, 4


@dataclass(frozen=True)
class Marginal:
    """A fitted column.

    Attributes:
        levels: whether ``values`` are all there are; else they are quantiles, between which is interpolated.
        values: ascending (L,).
        upto: probability at or below each value (L,).
        decimals: that values are written with.
    """

    levels: bool
    values: Floats
    upto: Floats
    decimals: int

    @classmethod
    def fit(cls, column: Floats, *, fewest: int = FEWEST) -> Marginal:
        """Of the known values of a column (N,); NaN is unknown. A column that nobody has is 0."""
        known = column[np.isfinite(column)]
        if not known.size:
            return cls(True, np.zeros(1), np.ones(1), 0)
        decimals = written_decimals(known)
        values, counts = np.unique(known, return_counts=True)
        if len(values) <= _MOST_LEVELS:
            kept = counts >= min(fewest, counts.max())
            values, counts = values[kept], counts[kept]
            return cls(True, values, np.cumsum(counts) / counts.sum(), decimals)
        outermost = min(fewest / known.size, 0.5)
        upto = np.linspace(outermost, 1 - outermost, _KNOTS)
        return cls(False, np.quantile(known, upto), upto, decimals)

    def scores(self, column: Floats) -> Floats:
        """Normal scores (N,), NaN where unknown.

        A level has the mean of the standard normal over its interval of probability, so that the score is the
        expectation of the latent normal given the level.
        """
        scores = np.full(column.shape, np.nan)
        known = np.isfinite(column)
        if not self.levels:
            scores[known] = norm.ppf((rankdata(column[known]) - 0.5) / max(known.sum(), 1))
            return scores
        edges = norm.pdf(norm.ppf(np.concatenate([[0.0], self.upto])))
        means = (edges[:-1] - edges[1:]) / np.diff(self.upto, prepend=0.0)
        scores[known] = means[self._level(column[known])]
        return scores

    def draw(self, uniform: Floats) -> Floats:
        """Values at probabilities (N,) in (0, 1)."""
        if self.levels:
            return self.values[np.minimum(np.searchsorted(self.upto, uniform), len(self.values) - 1)]
        return np.asarray(np.round(np.interp(uniform, self.upto, self.values), self.decimals))

    def unit(self, column: Floats) -> Floats:
        """Where values lie in [0, 1]; one half where unknown."""
        if self.levels:
            middle = self.upto - np.diff(self.upto, prepend=0.0) / 2
            inside = middle[self._level(np.nan_to_num(column))]
        else:
            inside = np.interp(np.nan_to_num(column), self.values, self.upto)
        return np.where(np.isfinite(column), inside, 0.5)

    def _level(self, known: Floats) -> NDArray[np.int64]:
        """The nearest kept level of each value."""
        return np.asarray(np.abs(known[:, None] - self.values).argmin(axis=1), np.int64)


def written_decimals(values: Floats) -> int:
    """With how many decimals values are written, at most 4; float32 noise does not count."""
    for decimals in range(_MOST_DECIMALS):
        if np.allclose(values, np.round(values, decimals), rtol=1e-6, atol=1e-6):
            return decimals
    return _MOST_DECIMALS
