"""Where several methods agree: their mean map by rank, and how much they disagree, entry by entry.

Methods have no common unit (Grad-CAM adds up to nothing, the others to the change of the score), so that each map is
first turned into ranks. Where methods disagree none of them is to be believed by itself (Krishna et al., The
disagreement problem in explainable machine learning, TMLR 2024).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import entr
from scipy.stats import rankdata

from monai_app.explain.ablation import Groups
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.explanation import Explanation
from monai_app.explain.methods import Method, attribute
from monai_app.explain.prepared import prepared
from monai_app.explain.stability import rank_correlation

Floats = npt.NDArray[np.float32]

TOP_SHARE = 0.1
"""A method marks the tenth of the features that it puts highest."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Several maps of one modality.

    Attributes:
        modality: its name.
        methods: what made the maps, in their order.
        mean: of the map's shape, mean rank in (0, 1); near 1 where all say that it speaks for the label, .5 for what
            is no feature.
        entropy: of the map's shape in [0, 1] bits: 0 where all methods mark an entry or none does, 1 where half do.
        marked: of the map's shape, share of the methods that mark an entry.
        pairs: Spearman's correlation of each pair of methods, ``one+other``; None where a map says nothing.
    """

    modality: str
    methods: tuple[str, ...]
    mean: Floats
    entropy: Floats
    marked: Floats
    pairs: dict[str, float | None]

    @property
    def correlation(self) -> float | None:
        """Mean over the pairs."""
        known = [value for value in self.pairs.values() if value is not None]
        return float(np.mean(known)) if known else None

    @property
    def contested(self) -> float:
        """Share of the entries that some method marks which the others do not all mark too."""
        some = self.marked > 0
        return float((self.marked[some] < 1).mean()) if some.any() else 0.0


def agreement(maps: Sequence[AttributionMap]) -> Agreement:
    """The agreement of two or more maps of one modality of one case, made by different methods."""
    first = maps[0]
    assert len(maps) > 1, "one map agrees with itself"
    assert all(made.modality == first.modality and made.values.shape == first.values.shape for made in maps)
    ranks = np.stack([ranked(made) for made in maps])
    marked = (ranks > 1 - TOP_SHARE).mean(axis=0)
    bits = (entr(marked) + entr(1 - marked)) / np.log(2)
    pairs = {f"{one.method}+{other.method}": rank_correlation(one, other) for one, other in combinations(maps, 2)}
    return Agreement(
        first.modality,
        tuple(made.method for made in maps),
        ranks.mean(axis=0).astype(np.float32),
        bits.astype(np.float32),
        marked.astype(np.float32),
        pairs,
    )


def ranked(made: AttributionMap) -> Floats:
    """Ranks in (0, 1) of the features' values, ties by their mean; .5 for what is no feature."""
    found = np.full(made.values.shape, 0.5, np.float32)
    told = made.values[made.features]
    if told.size:
        found[made.features] = (rankdata(told) - 0.5) / told.size
    return found


def agreements_of(
    explanation: Explanation, others: Sequence[Method], groups: Mapping[str, Groups] | None = None
) -> dict[str, Agreement]:
    """The agreement of an explanation's maps with those of other methods, per modality that two or more of them map.

    Args:
        others: further methods; those that need a feature map are left out where the model has none.
        groups: as in :func:`monai_app.explain.explanation.explain`.
    """
    case, found = explanation.case, dict[str, Agreement]()
    together = groups or {}
    with prepared(case.network):
        for name, made in explanation.maps.items():
            maps = {made.method: made}
            for method in others:
                if method.of(name).value in maps or (method.of(name).needs_feature_map and not case.feature_map(name)):
                    continue
                again = attribute(case, case.view(name), method, groups=together.get(name))
                maps[again.method] = again
            if len(maps) > 1:
                found[name] = agreement(list(maps.values()))
    return found
