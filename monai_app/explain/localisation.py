"""Does the map lie where the finding lies? Against a known region, beside what chance and the image's centre give.

Pointing game: Zhang et al., ECCV 2016. Relevance mass: Arras, Osman, Samek, Information Fusion 2022. Pixel AUROC and
average precision as in S0. Every score has the value that a map without knowledge reaches: the region's share of the
image, and a blob in its middle, since images are centred on what is examined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from monai_app.core.errors import InputRejected

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

CENTRE_WIDTH = 0.25
"""Standard deviation of the control's blob in sides of the image."""


@dataclass(frozen=True)
class Localisation:
    """Scores of one map against one region.

    Attributes:
        hit: whether the highest pixel lies in the region.
        mass: share of the positive relevance inside it.
        auroc: of its pixels against all others by relevance.
        average_precision: likewise.
    """

    hit: bool
    mass: float
    auroc: float
    average_precision: float


@dataclass(frozen=True)
class RegionScores:
    """A map and its controls against a region.

    Attributes:
        region: its name.
        area: share of the image, which is the chance of a hit, of mass and of precision; chance of AUROC is one half.
        of_map: the map's scores.
        of_centre: scores of a blob in the middle of the image.
    """

    region: str
    area: float
    of_map: Localisation
    of_centre: Localisation


def region_scores(values: Floats, region: Bools, name: str) -> RegionScores:
    """Score a map (H, W[, D]), positive where it speaks for the label, against a region of its shape.

    Raises:
        InputRejected: ``REGION_EMPTY`` where the region is nothing or everything.
    """
    if not region.any() or region.all():
        raise InputRejected(
            "REGION_EMPTY",
            "the region covers nothing or all of the image: a map cannot be scored against it",
            got=f"{int(region.sum())} of {region.size} pixels",
            remedy="Choose a case that shows the finding, or another region.",
        )
    return RegionScores(name, float(region.mean()), _scores(values, region), _scores(centre(region.shape), region))


def centre(shape: tuple[int, ...]) -> Floats:
    """A Gaussian blob in the middle of an image (H, W[, D])."""
    axes = [(np.arange(side) - (side - 1) / 2) / (CENTRE_WIDTH * max(shape)) for side in shape]
    squares = sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij", sparse=True))
    blob: Floats = np.exp(-0.5 * np.asarray(squares)).astype(np.float32)
    return blob


def _scores(values: Floats, region: Bools) -> Localisation:
    positive = np.clip(values, 0, None)
    total = float(positive.sum())
    truth, flat = region.ravel(), values.ravel()
    return Localisation(
        bool(truth[flat.argmax()]),
        float(positive[region].sum()) / total if total else 0.0,
        float(roc_auc_score(truth, flat)),
        float(average_precision_score(truth, flat)),
    )
