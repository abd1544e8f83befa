"""What a removed voxel is replaced by: the same volume out of focus, or without what is small. Never silently zero.

Of a structure the blurred volume is the natural comparison: its contrast goes, the shades around it stay. Of a whole
chest it is not: lungs, wall and mediastinum become one grey, which the shipped classifier calls full of lesions. A
median keeps organs and their edges and takes away what is smaller than half its cube.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from scipy.ndimage import gaussian_filter, median_filter

from monai_app.core.errors import InputRejected
from monai_app.explain.baselines import BLUR_SHARE, Floats
from monai_app.explain.volumes.seen import SeenVolume


class Baseline(StrEnum):
    """Kinds of replacement, each as wide as a tenth of the longest side of what is looked at."""

    BLUR = "blur"
    MEDIAN = "median"


def find_baseline(name: str) -> Baseline:
    """A baseline by its name.

    Raises:
        InputRejected: ``BASELINE_UNKNOWN``.
    """
    if name not in set(Baseline):
        raise InputRejected(
            "BASELINE_UNKNOWN", "there is no such baseline", expected=", ".join(Baseline), remedy="Name one."
        )
    return Baseline(name)


def replacement(values: Floats, seen: SeenVolume, kind: Baseline) -> tuple[Floats, str]:
    """A sequence ``(I, J, K)`` by its replacement, equally wide in mm along each axis, and that in words.

    Padding stays as it is.
    """
    box = tuple(slice(int(p.min()), int(p.max()) + 1) for p in np.nonzero(seen.filled))
    part, spacing = values[box], seen.spacing_mm
    width_mm = BLUR_SHARE * max(count * step for count, step in zip(part.shape, spacing, strict=True))
    away = values.copy()
    if kind is Baseline.BLUR:
        away[box] = gaussian_filter(part, [width_mm / step for step in spacing], mode="nearest")
        return away, f"blurred (Gaussian, {width_mm:.0f} mm: {BLUR_SHARE:.0%} of the longest side)"
    sides = [odd_side(width_mm / step) for step in spacing]
    away[box] = median_filter(part, sides, mode="nearest")
    told = " × ".join(f"{side * step:.0f}" for side, step in zip(sides, spacing, strict=True))
    return away, f"without what is small (median of {told} mm, up to {BLUR_SHARE:.0%} of the longest side)"


def odd_side(voxels: float) -> int:
    """The largest odd number of voxels that is no wider, at least three."""
    return max(3, 2 * ((int(voxels) - 1) // 2) + 1)
