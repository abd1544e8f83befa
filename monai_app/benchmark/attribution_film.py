"""How well a film's map finds a known region: as the map stands, smoothed, and with a margin around the region.

A map of single pixels has its highest pixel on an edge, often just outside what it means. Two remedies are usual and
both are declared, never silent: smoothing the map at the scale at which the network sees the film, and the margin that
the pointing game was proposed with (Zhang et al., ECCV 2016: 15 pixels of films of some 500, so 3 % of the side). The
chance of a hit grows with the margin, and is told for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, gaussian_filter

from monai_app.explain.localisation import centre, region_scores

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

SMOOTHED_SHARE = 1 / 24
"""Standard deviation of the smoothing in sides of the film: 4 pixels of 96."""

MARGIN_SHARE = 0.03
"""Margin of the pointing game in sides of the film."""

AS_IT_STANDS, SMOOTHED = "as it stands", "smoothed"
PROCESSING = (AS_IT_STANDS, SMOOTHED)
HIT, HIT_MARGIN, MASS, AUROC, PRECISION = "hit", "hit with margin", "relevance mass", "pixel AUROC", "average precision"
METRICS = (HIT, HIT_MARGIN, MASS, AUROC, PRECISION)


def smoothed(values: Floats) -> Floats:
    """A map (S, S) blurred by :data:`SMOOTHED_SHARE` of its side."""
    found: Floats = gaussian_filter(values, SMOOTHED_SHARE * values.shape[0]).astype(np.float32)
    return found


def with_margin(region: Bools) -> Bools:
    """A region (S, S) and what lies within :data:`MARGIN_SHARE` of the side around it."""
    steps = max(1, round(MARGIN_SHARE * region.shape[0]))
    reach = np.arange(-steps, steps + 1)
    found: Bools = binary_dilation(region, reach[:, None] ** 2 + reach**2 <= steps**2)
    return found


def film_scores(values: Floats, region: Bools) -> dict[str, float]:
    """Scores of one map against one region, neither empty nor everything."""
    of_map = region_scores(values, region, "").of_map
    near = with_margin(region).ravel()[values.argmax()]
    return dict(zip(METRICS, (of_map.hit, near, of_map.mass, of_map.auroc, of_map.average_precision), strict=True))


def chance(region: Bools) -> dict[str, float]:
    """What a map without knowledge scores."""
    area = float(region.mean())
    return dict(zip(METRICS, (area, float(with_margin(region).mean()), area, 0.5, area), strict=True))


def centre_scores(region: Bools) -> dict[str, float]:
    """What a blob in the middle of the film scores."""
    return film_scores(centre(region.shape), region)
