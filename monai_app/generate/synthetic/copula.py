"""A Gaussian copula over columns of any kind, unknown values included: fitted by moments, drawn by one matrix product.

Each column is a threshold or a quantile of a latent standard normal. The latent correlation of two columns is the
covariance of their normal scores over the product of the scores' variances: exact where one is continuous, the first
term of the tetrachoric series (Pearson 1900) where both are levels. Nelsen, An Introduction to Copulas, 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.covariance import ledoit_wolf_shrinkage

from monai_app.core.random import numpy_generator
from monai_app.generate.synthetic.marginal import FEWEST, Floats, Marginal

_FEWEST_PAIRS, _LARGEST, _SMALLEST_EIGENVALUE = 30, 0.98, 1e-6
_CALIBRATION_DRAWS, _CALIBRATION_STEPS = 4096, 60


@dataclass(frozen=True)
class Table:
    """Records as numbers.

    Attributes:
        keys: names of the D columns.
        values: (N, D), NaN unknown.
        groups: columns of which one is 1 and the others are 0, such as the classes of a category.
        always: (D,) whether a column is drawn for every record, whoever lacked it; the others are drawn unknown, too.
    """

    keys: tuple[str, ...]
    values: Floats
    groups: tuple[tuple[int, ...], ...]
    always: NDArray[np.bool_]


@dataclass(frozen=True)
class Copula:
    """A fitted copula: plain numbers that can be read.

    Attributes:
        table_keys: names of the D columns.
        marginals: one a column, then one an indicator of what is known.
        factor: (P, P); its product with its transpose is the latent correlation.
        groups: as in :class:`Table`.
        thresholds: added to the latents of each group before the largest wins.
        known_by: (D,) number of the indicator that a column is known by; -1 is always known.
        patients: N.
    """

    table_keys: tuple[str, ...]
    marginals: tuple[Marginal, ...]
    factor: Floats
    groups: tuple[tuple[int, ...], ...]
    thresholds: tuple[Floats, ...]
    known_by: NDArray[np.int64]
    patients: int

    @classmethod
    def fit(cls, table: Table, *, fewest: int = FEWEST) -> Copula:
        """Fit on records of patients, one each."""
        indicators, known_by = _indicators(table)
        whole = np.concatenate([table.values, indicators], axis=1)
        marginals = tuple(Marginal.fit(column, fewest=fewest) for column in whole.T)
        scores = np.stack([m.scores(column) for m, column in zip(marginals, whole.T, strict=True)], axis=1)
        factor = _factor(_correlation(scores, table.groups))
        thresholds = tuple(_thresholds(table.values[:, group], factor[list(group)], fewest) for group in table.groups)
        return cls(table.keys, marginals, factor, table.groups, thresholds, known_by, len(table.values))

    def draw(self, count: int, generator: np.random.Generator) -> Floats:
        """New records (count, D), NaN unknown."""
        latent = generator.standard_normal((count, len(self.factor))) @ self.factor.T
        uniform = norm.cdf(latent)
        drawn = np.stack([m.draw(uniform[:, index]) for index, m in enumerate(self.marginals)], axis=1)
        for group, threshold in zip(self.groups, self.thresholds, strict=True):
            chosen = (latent[:, group] + threshold).argmax(axis=1)
            drawn[:, group] = np.eye(len(group))[chosen]
        size = len(self.table_keys)
        values = drawn[:, :size]
        for column in np.flatnonzero(self.known_by >= 0):
            values[drawn[:, size + self.known_by[column]] < 0.5, column] = np.nan
        return values

    def unit(self, values: Floats) -> Floats:
        """Records (N, D) with every column in [0, 1] by its own distribution; one half where unknown."""
        columns = zip(self.marginals, values.T, strict=False)
        return np.stack([marginal.unit(column) for marginal, column in columns], axis=1)


def _indicators(table: Table) -> tuple[Floats, NDArray[np.int64]]:
    """What is known (N, I), one column for all that are known of the same patients, and which column has which."""
    known = np.isfinite(table.values)
    known_by = np.full(known.shape[1], -1, np.int64)
    optional = np.flatnonzero(~table.always & ~known.all(axis=0))
    if not optional.size:
        return np.zeros((len(known), 0)), known_by
    patterns, which = np.unique(known[:, optional].T, axis=0, return_inverse=True)
    known_by[optional] = which.reshape(-1)
    return patterns.T.astype(np.float64), known_by


def _correlation(scores: Floats, groups: Sequence[Sequence[int]]) -> Floats:
    """Latent correlations (P, P), shrunk towards none as Ledoit and Wolf (2004) find best for so many patients."""
    known = np.isfinite(scores)
    filled = np.where(known, scores, 0.0)
    pairs = known.T.astype(np.float64) @ known
    covariance = filled.T @ filled / np.maximum(pairs, 1.0)
    variance = np.diag(covariance)
    scale = np.where(variance > 1e-9, variance, np.inf)
    correlation = np.clip(covariance / np.outer(scale, scale), -_LARGEST, _LARGEST)
    correlation[pairs < _FEWEST_PAIRS] = 0.0
    varied = filled[:, variance > 1e-9]
    if varied.shape[1]:
        correlation *= 1.0 - ledoit_wolf_shrinkage(varied)
    for group in groups:
        correlation[np.ix_(group, group)] = 0.0
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _factor(correlation: Floats) -> Floats:
    """A square root of the nearest correlation matrix: negative eigenvalues are cut, the diagonal is made 1 again."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, _SMALLEST_EIGENVALUE))
    return np.asarray(root / np.linalg.norm(root, axis=1, keepdims=True))


def _thresholds(columns: Floats, rows: Floats, fewest: int) -> Floats:
    """What to add to a group's latents (K,) so that each wins as often as in the data; never where fewer have it."""
    known = columns[np.isfinite(columns).all(axis=1)]
    counts = known.sum(axis=0)
    wanted = np.where(counts >= min(fewest, counts.max(initial=0)), counts, 0.0)
    wanted = wanted / max(wanted.sum(), 1.0)
    noise = numpy_generator("synthetic", "calibration").standard_normal((_CALIBRATION_DRAWS, rows.shape[1]))
    latent = noise @ rows.T
    threshold = np.where(wanted > 0, 0.0, -np.inf)
    for _ in range(_CALIBRATION_STEPS):
        won = np.bincount((latent + threshold).argmax(axis=1), minlength=len(wanted)) / len(latent)
        threshold = threshold + 0.5 * np.where(wanted > 0, np.log((wanted + 1e-4) / (won + 1e-4)), 0.0)
    return np.asarray(threshold)
