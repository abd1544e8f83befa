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
from collections.abc import Iterator
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

_HALF_STEPS = 3
"""Half pixels that a film is shifted by at most, along either axis: to 3 % of the side, by 1 %."""

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
        seen = _standard(_small(train)[:, 0, _MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX]).double()
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
        for degrees in ROTATIONS_DEGREES:
            for moved in _shifted(_rotated(small, degrees)):
                best = torch.maximum(best, _unit((_standard(moved) - self.mean) @ self.whitening) @ self.known.T)
        return np.asarray((1.0 - best).double().numpy(), np.float64)


def _unit(vectors: Tensor) -> Tensor:
    return functional.normalize(vectors, eps=1e-6)


def _small(films: Films) -> Tensor:
    """Films (N, S, S) as (N, 1, 48, 48), smoothed."""
    given = torch.from_numpy(np.ascontiguousarray(films, np.float32))[:, None]
    small = functional.interpolate(given, (SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)[:, 0].numpy()
    return torch.from_numpy(gaussian_filter(small, (0, _SMOOTHING_PX, _SMOOTHING_PX), mode="nearest"))[:, None]


def _standard(inner: Tensor) -> Tensor:
    """Inner pixels (N, P) with zero mean and unit variance."""
    centred = inner.flatten(1) - inner.flatten(1).mean(dim=1, keepdim=True)
    return centred / centred.std(dim=1, keepdim=True).clamp_min(1e-6)


def _rotated(small: Tensor, degrees: float) -> Tensor:
    """Films (N, 89, 89), rotated, at every half pixel of the inner ones and of those that shifts lead to."""
    ends = _MARGIN_PX + 0.5 - _HALF_STEPS / 2, SIDE_PX - _MARGIN_PX - 0.5 + _HALF_STEPS / 2
    places = torch.linspace(*ends, 2 * (SIDE_PX - 2 * _MARGIN_PX) - 1 + 2 * _HALF_STEPS) * 2 / SIDE_PX - 1
    y, x = torch.meshgrid(places, places, indexing="ij")
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    grid = torch.stack([cosine * x - sine * y, sine * x + cosine * y], dim=-1)[None].expand(len(small), -1, -1, -1)
    return functional.grid_sample(small, grid, padding_mode="border", align_corners=False)[:, 0]


def _shifted(fine: Tensor) -> Iterator[Tensor]:
    """The inner pixels (N, 42, 42) at every shift."""
    across = 2 * (SIDE_PX - 2 * _MARGIN_PX) - 1
    for dy, dx in product(range(2 * _HALF_STEPS + 1), repeat=2):
        yield fine[:, dy : dy + across : 2, dx : dx + across : 2]
