"""How far the maps of an explanation can be believed: the scores that ship with each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.explanation import Explanation
from monai_app.explain.faithfulness import Faithfulness, faithfulness
from monai_app.explain.localisation import RegionScores, region_scores
from monai_app.explain.methods import Method, attribute
from monai_app.explain.prepared import prepared
from monai_app.explain.scored import ScoredCase
from monai_app.explain.stability import (
    Mapper,
    Stability,
    map_infidelity,
    map_sensitivity,
    randomised,
    rank_correlation,
)
from monai_app.explain.views import View

Bools = npt.NDArray[np.bool_]

MOST_STEPS_AGAIN = 64
"""Steps of integrated gradients where a map is made again for comparison only."""

PATCHES_AGAIN = 5
"""Half windows a side, of the occlusion of a volume, likewise."""


@dataclass(frozen=True)
class Believability:
    """Scores of one map; ``regions`` are those that the film was scored against."""

    faithfulness: Faithfulness
    stability: Stability
    regions: tuple[RegionScores, ...] = ()


def believability(
    explanation: Explanation, *, regions: Mapping[str, Bools] | None = None, seed: int = 0
) -> dict[str, Believability]:
    """Score every map of an explanation.

    Args:
        regions: known regions of the film by name, (H, W) on the network's grid.
        seed: of random orders, removals, nearby inputs and random weights.

    Raises:
        InputRejected: ``REGION_EMPTY``.
    """
    case = explanation.case
    twin = randomised(case.network, seed=seed)
    with prepared(case.network), prepared(twin):
        decoy = replace(case, network=twin, tokens=twin.encode(case.inputs, case.presence))
        return {
            name: map_believability(case, decoy, made, explanation.method, regions or {}, seed)
            for name, made in explanation.maps.items()
        }


def map_believability(
    case: ScoredCase, decoy: ScoredCase, made: AttributionMap, method: Method, regions: Mapping[str, Bools], seed: int
) -> Believability:
    """The scores of one map; the networks of the case and of its decoy are prepared.

    Args:
        decoy: the case before the network with randomised weights.
        regions: known regions of the image by name, of the map's shape; values and words have none.

    Raises:
        InputRejected: ``REGION_EMPTY``.
    """
    view, again = case.view(made.modality), _mapper(case, made, method)
    compared = again(view) if _is_coarse_again(made) else made
    stability = Stability(
        map_infidelity(case, view, made, seed=seed),
        map_sensitivity(view, compared, again, seed=seed),
        rank_correlation(compared, _mapper(decoy, made, method)(view)),
    )
    known = regions if made.modality in ("film", "volume") else {}
    scored = tuple(region_scores(made.values, region, name) for name, region in known.items())
    return Believability(faithfulness(case, view, made, seed=seed), stability, scored)


def _is_coarse_again(made: AttributionMap) -> bool:
    """Whether maps for comparison are coarser than the map, so that it has to be made again like them."""
    return made.modality == "volume" and made.method == Method.OCCLUSION.value


def _mapper(case: ScoredCase, made: AttributionMap, method: Method) -> Mapper:
    steps = min(made.evaluations, MOST_STEPS_AGAIN) if made.method == Method.INTEGRATED_GRADIENTS.value else None
    if _is_coarse_again(made):
        steps = PATCHES_AGAIN

    def mapped(view: View) -> AttributionMap:
        return attribute(case, view, method, steps=steps)

    return mapped
