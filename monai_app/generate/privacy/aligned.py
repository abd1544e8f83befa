"""How alike two films are once they are laid on each other: correlation of what is special to a film, at the best fit.

Chests look alike, so that plain distances see the common anatomy, and a shift by a pixel moves a copy further than the
nearest stranger lies. Here films are whitened by the principal components of the train films, which leaves what one
film has and others have not, and a film is moved over a grid of shifts and rotations to where it correlates best:

    d(a, b) = 1 - max_T <w(T a), w(b)>,   w(x) = unit(diag(lambda + nu)^(-1/2) V^T standardised(x))

Standardising takes brightness and contrast away; nu, the variance of a little noise, keeps components that are nothing
but noise from being blown up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional

from monai_app.generate.privacy.spaces import Films, FittedSpace, Floats

SIDE_PX = 48
"""Side that films are compared at."""

_MARGIN_PX = 3
"""Rim left out, where moved films have no pixels of their own."""

_SMOOTHING_PX = 0.7
"""Standard deviation of the smoothing before films are moved, so that half a pixel is a small step."""

SHIFTS_PX = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
"""Along either axis: to 3 % of the side, by 1 %."""

ROTATIONS_DEGREES = (-1.5, 0.0, 1.5)
COMPONENTS = 200
NOISE_VARIANCE = 0.01
"""nu, of pixels with unit variance."""


@dataclass(frozen=True)
class Aligned:
    """The space of copy tests that needs no model and finds altered copies.

    Args:
        components: principal components at most; fewer for fewer train films.
    """

    components: int = COMPONENTS

    def fitted(self, train: Films) -> FittedSpace:
        """See :class:`monai_app.generate.privacy.spaces.Space`."""
        seen = _standardised(_small(train)).double()
        mean = seen.mean(dim=0)
        values, vectors = torch.linalg.eigh((seen - mean).T @ (seen - mean) / len(seen))
        kept = min(self.components, max(len(seen) - 1, 1), len(values))
        whitening = (vectors / (values.clamp_min(0) + NOISE_VARIANCE).sqrt())[:, -kept:]
        known = _unit((seen - mean) @ whitening).float()
        return _Aligned(known, mean.float(), whitening.float())


@dataclass(frozen=True)
class _Aligned:
    known: Tensor
    mean: Tensor
    whitening: Tensor

    def distances(self, films: Films) -> Floats:
        small, best = _small(films), torch.full((len(films), len(self.known)), -1.0)
        for degrees, dy, dx in product(ROTATIONS_DEGREES, SHIFTS_PX, SHIFTS_PX):
            best = torch.maximum(best, self._whitened(_moved(small, degrees, dy, dx)) @ self.known.T)
        return np.asarray((1.0 - best).double().numpy(), np.float64)

    def _whitened(self, small: Tensor) -> Tensor:
        return _unit((_standardised(small) - self.mean) @ self.whitening)


def _unit(vectors: Tensor) -> Tensor:
    return functional.normalize(vectors, eps=1e-6)


def _small(films: Films) -> Tensor:
    """Films (N, S, S) as (N, 1, 48, 48), smoothed."""
    given = torch.from_numpy(np.ascontiguousarray(films, np.float32))[:, None]
    small = functional.interpolate(given, (SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)[:, 0].numpy()
    return torch.from_numpy(gaussian_filter(small, (0, _SMOOTHING_PX, _SMOOTHING_PX), mode="nearest"))[:, None]


def _standardised(small: Tensor) -> Tensor:
    """The inner pixels (N, P) with zero mean and unit variance."""
    inner = small[:, 0, _MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX].flatten(1)
    centred = inner - inner.mean(dim=1, keepdim=True)
    return centred / centred.std(dim=1, keepdim=True).clamp_min(1e-6)


def _moved(small: Tensor, degrees: float, dy_px: float, dx_px: float) -> Tensor:
    """Rotated and shifted films (N, 1, 48, 48)."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix = [[cosine, -sine, 2 * dx_px / SIDE_PX], [sine, cosine, 2 * dy_px / SIDE_PX]]
    theta = torch.tensor(matrix, dtype=torch.float32)[None].expand(len(small), 2, 3)
    grid = functional.affine_grid(theta, list(small.shape), align_corners=False)
    return functional.grid_sample(small, grid, padding_mode="border", align_corners=False)
