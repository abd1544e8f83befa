"""How alike two sets of feature vectors are: Frechet distance and maximum mean discrepancy, by MONAI.

Neither means anything without its floor, the distance of two sets of real images of the same size. MONAI's MMD has a
linear kernel; on random Fourier features (Rahimi and Recht, NeurIPS 2007) it is that of a Gaussian kernel, here with
the median distance of the real vectors as its width.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from monai.metrics import FIDMetric, MMDMetric
from numpy.typing import NDArray

from monai_app.core.random import numpy_generator

Floats = NDArray[np.float64]

_FOURIER_FEATURES = 2048
_MOST_PAIRS = 512


@dataclass(frozen=True)
class Likeness:
    """Distances between two sets.

    Attributes:
        fid: squared Frechet distance of Gaussians fitted to the features.
        mmd: squared maximum mean discrepancy (unbiased: near 0, and below it at times, for equal distributions).
        n: vectors a set.
    """

    fid: float
    mmd: float
    n: int


def likeness(one: Floats, other: Floats, *, width: float, seed: int = 0) -> Likeness:
    """Distances of equally many feature vectors ``(N, C)`` each; the larger set is cut to the size of the smaller.

    Args:
        width: of the Gaussian kernel (:func:`kernel_width`); the same for all that is to be compared.
        seed: of the Fourier features.
    """
    n = min(len(one), len(other))
    first, second = (torch.from_numpy(np.ascontiguousarray(part[:n], dtype=np.float64)) for part in (one, other))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # MONAI calls sqrtm with an argument SciPy is leaving
        fid = float(FIDMetric()(first, second))
    generator = numpy_generator("likeness", seed)
    frequencies = torch.from_numpy(generator.standard_normal((first.shape[1], _FOURIER_FEATURES)) / width)
    phases = torch.from_numpy(generator.uniform(0, 2 * np.pi, _FOURIER_FEATURES))

    def fourier(features: torch.Tensor) -> torch.Tensor:
        return (2 / _FOURIER_FEATURES) ** 0.5 * torch.cos(features @ frequencies + phases)

    return Likeness(fid, float(MMDMetric(fourier)(first, second)), n)


def kernel_width(real: Floats) -> float:
    """Median distance between the first vectors of a real set."""
    some = real[:_MOST_PAIRS]
    squares = (some**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * some @ some.T, 0))
    return float(np.median(distances[np.triu_indices(len(some), 1)]))
