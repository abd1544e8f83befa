"""Neighbours in feature space: is every group covered by generated images?

Coverage is that of Naeem et al. (ICML 2020): the share of real images with a generated one no farther than their fifth
real neighbour. Whether generated images are copies is asked in generate.privacy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
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
