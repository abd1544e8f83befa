"""Mahalanobis distance from train samples: one Gaussian with a shrunk covariance (Ledoit and Wolf 2004; scikit-learn).

Lee et al., NeurIPS 2018, take a mean a class and one covariance; here there is one mean, as tasks are several and
labels may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

Floats = NDArray[np.float64]
_FAR = 1e6
"""Standard deviations that an infinite feature counts as."""
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Gaussian:
    """``|whitening ((x - mean) / scale)|``.

    Attributes:
        mean: (F,).
        scale: (F,), standard deviations; 1 for a constant feature.
        whitening: (F, F), float32 to halve what is stored.
    """

    mean: Floats
    scale: Floats
    whitening: NDArray[np.float32]

    @classmethod
    def fit(cls, features: Floats, *, one_unit: bool = False) -> Gaussian:
        """Fit on features (N, F), N >= 2; one that is not finite stands at the mean of the others.

        Args:
            one_unit: scale all features alike, where they are measured in one unit: by its own spread, a feature that
                hardly varies in train (the margin of a film) would outweigh all others in familiar samples too.
        """
        known = np.isfinite(features)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, features, 0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, features - mean, 0) ** 2).sum(axis=0) / count)
        spread = np.full_like(spread, np.sqrt((spread**2).mean())) if one_unit else spread
        scale = np.where(spread > _LEAST_SPREAD, spread, 1.0)
        scaled = np.where(known, (features - mean) / scale, 0)
        values, vectors = np.linalg.eigh(LedoitWolf(assume_centered=True).fit(scaled).covariance_)
        least = values.mean() * 1e-6 or 1.0  # all features constant: plain distance
        whitening = (vectors / np.sqrt(np.maximum(values, least))).T
        return cls(mean, scale, whitening.astype(np.float32))

    def distance(self, features: Floats) -> Floats:
        """Distances (N,) of features (N, F); NaN is no news and stands at the mean, an infinity is far away."""
        scaled = np.nan_to_num((features - self.mean) / self.scale, nan=0, posinf=_FAR, neginf=-_FAR)
        return np.asarray(np.linalg.norm(scaled @ self.whitening.T.astype(np.float64), axis=1))

    def tensors(self, prefix: str) -> dict[str, torch.Tensor]:
        """For safetensors."""
        return {f"{prefix}.{name}": torch.from_numpy(np.ascontiguousarray(part)) for name, part in vars(self).items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor], prefix: str) -> Gaussian:
        """What :meth:`tensors` gave."""
        return cls(*(tensors[f"{prefix}.{name}"].numpy() for name in ("mean", "scale", "whitening")))
