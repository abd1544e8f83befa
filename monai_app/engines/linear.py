"""L2-penalised logistic regression of one target, kept as plain tensors, on standardised features or on terms of notes.

Missing features are the train median; features are clipped to their 1st and 99th percentile on train first, as single
implausible values would carry a linear model away.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from monai_app.engines.projection import Floats

_MOST_ITERATIONS = 1000


@dataclass(frozen=True)
class Standardiser:
    """Features without gaps, of mean 0 and deviation 1 on train.

    Attributes:
        median: what a missing value becomes (F,).
        low: 1st percentile (F,).
        high: 99th percentile (F,).
        mean: after filling and clipping (F,).
        scale: deviation (F,), infinite where a feature never varies.
    """

    median: Floats
    low: Floats
    high: Floats
    mean: Floats
    scale: Floats

    @classmethod
    def fit(cls, features: NDArray[np.float32]) -> Standardiser:
        """Fit on features (N, F), NaN where missing."""
        values = features.astype(np.float64)
        known = ~np.isnan(values).all(axis=0)
        median = np.zeros(values.shape[1])
        median[known] = np.nanmedian(values[:, known], axis=0)
        filled = np.where(np.isnan(values), median, values)
        low, high = np.quantile(filled, [0.01, 0.99], axis=0)
        clipped = np.clip(filled, low, high)
        deviation = clipped.std(axis=0)
        varies = deviation > 1e-9 * np.maximum(1, np.abs(clipped).max(axis=0))
        return cls(median, low, high, clipped.mean(axis=0), np.where(varies, deviation, np.inf))

    def __call__(self, features: NDArray[np.float32]) -> Floats:
        """Features (N, F) as the regression reads them."""
        filled = np.where(np.isnan(features), self.median, features.astype(np.float64))
        return np.asarray((np.clip(filled, self.low, self.high) - self.mean) / self.scale)


@dataclass(frozen=True)
class LinearPart:
    """``features @ weights + intercept`` is the raw score.

    Attributes:
        weights: (F,).
        intercept: (1,).
        standardiser: None for terms of notes, which are of one scale already.
    """

    weights: Floats
    intercept: Floats
    standardiser: Standardiser | None = None

    @classmethod
    def fit(cls, features: NDArray[np.float32] | csr_matrix, label: Floats, *, inverse_penalty: float) -> LinearPart:
        """Fit on features (N, F) - standardised first unless sparse - and labels (N,), both classes present."""
        standardiser = Standardiser.fit(features) if isinstance(features, np.ndarray) else None
        read = features if standardiser is None else standardiser(features)
        fitted = LogisticRegression(C=inverse_penalty, max_iter=_MOST_ITERATIONS).fit(read, label)
        return cls(fitted.coef_[0].astype(np.float64), fitted.intercept_.astype(np.float64), standardiser)

    def raw(self, features: NDArray[np.float32] | csr_matrix) -> Floats:
        """Raw scores (N,)."""
        read = features if self.standardiser is None else self.standardiser(features)
        return np.asarray(read @ self.weights + self.intercept)

    def tensors(self, prefix: str) -> dict[str, torch.Tensor]:
        """For safetensors."""
        held = {"weights": self.weights, "intercept": self.intercept}
        if self.standardiser is not None:
            held |= {field.name: getattr(self.standardiser, field.name) for field in fields(Standardiser)}
        return {f"{prefix}.{name}": torch.from_numpy(np.ascontiguousarray(value)) for name, value in held.items()}

    @classmethod
    def from_tensors(cls, tensors: dict[str, torch.Tensor], prefix: str) -> LinearPart:
        """What :meth:`tensors` gave."""
        held = {
            name.removeprefix(f"{prefix}."): tensor.numpy()
            for name, tensor in tensors.items()
            if name.startswith(f"{prefix}.")
        }
        weights, intercept = held.pop("weights"), held.pop("intercept")
        return cls(weights, intercept, Standardiser(**held) if held else None)
