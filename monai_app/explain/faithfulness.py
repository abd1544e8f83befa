"""Does the map point at what the model uses? Deletion, insertion, comprehensiveness, sufficiency.

Deletion and insertion: Petsiuk, Das, Saenko (RISE), BMVC 2018. Comprehensiveness and sufficiency: DeYoung et al.
(ERASER), ACL 2020. All remove features by the map's own baseline, in the order of the map, against random orders.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from monai_app.core.random import numpy_generator
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.gradients import INTERNAL_BATCH
from monai_app.explain.scored import ScoredCase
from monai_app.explain.views import View

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

FRACTIONS = np.linspace(0, 1, 11)
"""Parts of the features that are removed or inserted."""

TENTH = 1
"""Where one tenth stands in :data:`FRACTIONS`."""

RANDOM_ORDERS = 5
ERASER_FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.5)
LEAST_CHANGE = 0.05
"""A modality whose baseline moves the score by less has no curve: there is nothing to point at."""


@dataclass(frozen=True)
class Faithfulness:
    """Scores of one map; areas in parts of the change from baseline to case, so that 1 is all of it and 0 none.

    Attributes:
        deletion: area under what is left while the most important features go first (lower is better).
        deletion_random: the same in random order, mean over orders.
        insertion: area under what is reached while they come first (higher is better).
        insertion_random: the same in random order.
        comprehensiveness: mean loss of the shown value without the top features; values and words only.
        sufficiency: mean loss of the shown value with the top features alone (lower is better).
        shown: the probability or value of the case.
        without_tenth: the same without the tenth of the features that the map marks most.
        without_random_tenth: the same without a random tenth, mean over orders.
    """

    deletion: float | None
    deletion_random: float | None
    insertion: float | None
    insertion_random: float | None
    comprehensiveness: float | None
    sufficiency: float | None
    shown: float
    without_tenth: float
    without_random_tenth: float

    @property
    def beats_chance(self) -> bool | None:
        """Whether both curves are better than in random order; None where there are none."""
        if None in (self.deletion, self.deletion_random, self.insertion, self.insertion_random):
            return None
        assert self.deletion is not None and self.deletion_random is not None, "checked above"
        assert self.insertion is not None and self.insertion_random is not None, "checked above"
        return self.deletion < self.deletion_random and self.insertion > self.insertion_random


def ranked(made: AttributionMap, blocks: Places | None = None) -> Places:
    """Flat places of the features, those first that moved the score most towards where it is.

    Args:
        blocks: of the map's shape; entries of one number stand together, in the order of their means.
    """
    sense = 1.0 if made.change >= 0 else -1.0
    places = np.flatnonzero(made.features.ravel())
    values = sense * made.values.ravel()[places].astype(np.float64)
    if blocks is None:
        return places[np.argsort(-values, kind="stable")]
    numbers = blocks.ravel()[places]
    means = np.bincount(numbers, values) / np.maximum(np.bincount(numbers), 1)
    return places[np.lexsort((numbers, -means[numbers]))]


def shuffled(order: Places, blocks: Places | None, generator: np.random.Generator) -> Places:
    """The places in random order; those of one block stay together."""
    if blocks is None:
        return generator.permutation(order)
    numbers = blocks.ravel()[order]
    return order[np.argsort(generator.permutation(int(numbers.max(initial=0)) + 1)[numbers], kind="stable")]


def faithfulness(case: ScoredCase, view: View, made: AttributionMap, *, seed: int = 0) -> Faithfulness:
    """Remove and insert features in the order of the map and in random orders."""
    order, generator = ranked(made, view.blocks), numpy_generator(seed, "random order", made.modality)
    orders = [order, *(shuffled(order, view.blocks, generator) for _ in range(RANDOM_ORDERS))]
    gone = [scores_without(case, view, [o[: _count(f, order)] for f in FRACTIONS]) for o in orders]
    kept = [scores_without(case, view, [o[_count(f, order) :] for f in FRACTIONS]) for o in orders]
    areas = [[_area(curve, made) for curve in curves] for curves in (gone, kept)]
    shown = case.target.shown
    comprehensive, sufficient = _eraser(case, view, made, order)
    return Faithfulness(
        areas[0][0],
        _mean(areas[0][1:]),
        areas[1][0],
        _mean(areas[1][1:]),
        comprehensive,
        sufficient,
        shown(made.score),
        shown(float(gone[0][TENTH])),
        float(np.mean([shown(float(curve[TENTH])) for curve in gone[1:]])),
    )


@torch.no_grad()
def scores_without(case: ScoredCase, view: View, removed: list[Places]) -> Floats:
    """Scores (n,) with the features at each set of flat places at their baseline."""
    score, found = case.scorer(view.name), []
    step = INTERNAL_BATCH[view.name]
    for start in range(0, len(removed), step):
        part = removed[start : start + step]
        gone = torch.zeros(len(part), view.features.size, dtype=torch.bool)
        for row, places in enumerate(part):
            gone[row, torch.from_numpy(places)] = True
        batch = gone.reshape(len(part), *view.shape).to(view.original.device)
        found.append(score(view.replaced(batch)).double().cpu().numpy())
    return np.concatenate(found)


def _count(fraction: float, order: Places) -> int:
    return math.ceil(fraction * len(order) - 1e-9)  # a tenth of four fields is one of them


def _area(curve: Floats, made: AttributionMap) -> float | None:
    if abs(made.change) < LEAST_CHANGE:
        return None
    return float(np.trapezoid((curve - made.baseline_score) / made.change, FRACTIONS))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _eraser(case: ScoredCase, view: View, made: AttributionMap, order: Places) -> tuple[float | None, float | None]:
    if view.name in ("film", "volume") or not len(order):
        return None, None
    counts = [max(1, _count(fraction, order)) for fraction in ERASER_FRACTIONS]
    sense = 1.0 if made.change >= 0 else -1.0
    shown = case.target.shown

    def loss(removed: list[Places]) -> float:
        scores = scores_without(case, view, removed)
        return float(np.mean([sense * (shown(made.score) - shown(float(score))) for score in scores]))

    return loss([order[:count] for count in counts]), loss([order[count:] for count in counts])
