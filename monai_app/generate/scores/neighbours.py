"""Neighbours in feature space: is every group covered, and is a generated image nearer to the training than real ones?

Coverage is that of Naeem et al. (ICML 2020): the share of real images with a generated one no farther than their fifth
real neighbour. The copy rate is a first look only: it counts generated images that lie nearer to a training image than
all but ``quantile`` of held-out real ones do; the tests of generate.privacy are the thorough ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.float64]

_NEIGHBOURS = 5


def coverage(real: Floats, generated: Floats, groups: Sequence[str]) -> dict[str, tuple[float, int]]:
    """Share of each group's real images ``(N, C)`` that generated ones ``(M, C)`` cover, and how many there are.

    Args:
        groups: of each real image; ``all`` is added.
    """
    k = min(_NEIGHBOURS, len(real) - 1)
    radius = NearestNeighbors(n_neighbors=k + 1).fit(real).kneighbors(real)[0][:, -1]
    nearest = NearestNeighbors(n_neighbors=1).fit(generated).kneighbors(real)[0][:, 0]
    covered, names = nearest <= radius, np.asarray(groups)
    found = {"all": (float(covered.mean()), len(real))}
    for name in sorted(set(names.tolist())):
        rows = names == name
        found[name] = (float(covered[rows].mean()), int(rows.sum()))
    return found


@dataclass(frozen=True)
class Copies:
    """Images nearer to the training than held-out real ones are.

    Attributes:
        rate: share of generated images; about ``expected`` where they are no nearer than real ones.
        low: lower end of its 95 % interval (Wilson).
        high: upper end.
        expected: share of held-out images that count so, by construction.
        median_ratio: median distance of generated over median distance of held-out images to the training.
        n: generated images.
    """

    rate: float
    low: float
    high: float
    expected: float
    median_ratio: float
    n: int


def copies(train: Floats, held_out: Floats, generated: Floats, *, quantile: float = 0.01) -> Copies:
    """The copy rate of generated images in the feature space of ``train``."""
    index = NearestNeighbors(n_neighbors=1).fit(train)
    real, drawn = (index.kneighbors(part)[0][:, 0] for part in (held_out, generated))
    threshold = float(np.quantile(real, quantile))
    count = int((drawn < threshold).sum())
    interval = binomtest(count, len(drawn)).proportion_ci(method="wilson")
    ratio = float(np.median(drawn) / np.median(real)) if np.median(real) > 0 else float("nan")
    return Copies(count / len(drawn), float(interval.low), float(interval.high), quantile, ratio, len(drawn))
