"""Where a map lies, beside what it is compared with: inside a structure, within a centimetre of it, further away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from monai_app.explain.volumes.seen import Bools, SeenVolume

Floats = npt.NDArray[np.float32]

NEAR_MM = 10.0


@dataclass(frozen=True)
class Whereabouts:
    """Shares of what speaks for the label, and of the voxels, by distance from a structure; each adds up to 1.

    Attributes:
        inside: share of the positive relevance inside the structure.
        near: within :data:`NEAR_MM` around it.
        far: further away.
        voxels_inside: share of the voxels, which is what a map without knowledge reaches.
        voxels_near: likewise.
    """

    inside: float
    near: float
    far: float
    voxels_inside: float
    voxels_near: float

    def sentence(self, what: str, label: str) -> str:
        """In words.

        Args:
            what: the structure's outline, such as ``the lesion that the model found``.
            label: what is spoken for.
        """
        return (
            f"Of all that speaks for {label}, {self.inside:.0%} lies inside {what}, {self.near:.0%} within"
            f" {NEAR_MM:.0f} mm around it and {self.far:.0%} further away. These places are {self.voxels_inside:.1%},"
            f" {self.voxels_near:.1%} and {1 - self.voxels_inside - self.voxels_near:.1%} of what was explained."
        )


def whereabouts(values: Floats, mask: Bools, seen: SeenVolume) -> Whereabouts | None:
    """Shares of a map by distance from a structure; None without one, or where nothing speaks for the label."""
    positive = np.where(seen.filled, np.clip(values, 0, None), 0).astype(np.float64)
    total = float(positive.sum())
    if not total or not mask.any():
        return None
    distance = distance_transform_edt(~mask, sampling=seen.spacing_mm)
    near = (distance > 0) & (distance <= NEAR_MM)
    inside, around = (float(positive[part].sum()) / total for part in (mask, near))
    shares = [float((part & seen.filled).sum()) / float(seen.filled.sum()) for part in (mask, near)]
    return Whereabouts(inside, around, max(0.0, 1 - inside - around), *shares)
