"""How far films lie apart, for copy tests: what a space can do, and distances between vectors of an encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Films = NDArray[np.float32]
"""(N, S, S) in [0, 1]."""

Floats = NDArray[np.float64]
Embedding = Callable[[Films], Floats]
"""Films (N, S, S) -> (N, d)."""


class FittedSpace(Protocol):
    """Distances, once it is known how train films spread."""

    def distances(self, films: Films) -> Floats:
        """How far each film lies from each train film (N, M)."""
        ...


class Space(Protocol):
    """A way to tell how alike films are."""

    def fitted(self, train: Films) -> FittedSpace:
        """Fitted on train films; nothing of a fit is written anywhere."""
        ...


@dataclass(frozen=True)
class Scaled:
    """Euclidean distances of an embedding, every dimension in units of its spread over train."""

    embed: Embedding

    def fitted(self, train: Films) -> FittedSpace:
        """See :class:`Space`."""
        known = self.embed(train)
        scale = known.std(axis=0)
        scale[scale < 1e-9] = 1.0
        return _Scaled(known / scale, self.embed, scale)


@dataclass(frozen=True)
class _Scaled:
    known: Floats
    embed: Embedding
    scale: Floats

    def distances(self, films: Films) -> Floats:
        return np.asarray(cdist(self.embed(films) / self.scale, self.known), np.float64)


def pixels(films: Films, side: int = 32) -> Floats:
    """Films averaged to (N, side * side): the embedding without a model."""
    count, size = len(films), films.shape[1]
    cut = size // side * side
    blocks = films[:, :cut, :cut].reshape(count, side, cut // side, side, cut // side)
    return np.asarray(blocks.mean(axis=(2, 4)).reshape(count, -1), np.float64)


def rows(films: NDArray[np.float32]) -> Floats:
    """Records (N, 1, D) as they are (N, D)."""
    return films.reshape(len(films), -1).astype(np.float64)
