"""A map of what a network saw, back in the volume's own voxels and in patient space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import nibabel
import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import gaussian_filter

from monai_app.explain.volumes.seen import Affine, Bools, SeenVolume
from monai_app.transforms.grid import on_grid

Floats = npt.NDArray[np.float32]

SMOOTHING_VOXELS = 1.0
"""Standard deviation, in voxels of the network's grid, of the smoothing for display: single voxels look like noise."""


@dataclass(frozen=True)
class Peak:
    """The strongest point of a map.

    Attributes:
        voxel: of the network's grid.
        ras_mm: in patient space.
        value: of the smoothed map there.
    """

    voxel: tuple[int, int, int]
    ras_mm: tuple[float, float, float]
    value: float

    @property
    def words(self) -> str:
        """``L 34, P 12, S 120 mm``, as viewers show it."""
        letters = (("R", "L"), ("A", "P"), ("S", "I"))
        parts = [f"{pair[value < 0]} {abs(value):.0f}" for value, pair in zip(self.ras_mm, letters, strict=True)]
        return f"{', '.join(parts)} mm"


def smoothed(values: Floats) -> Floats:
    """A map as it is shown."""
    found: Floats = gaussian_filter(values, SMOOTHING_VOXELS, mode="nearest").astype(np.float32)
    return found


def peak_of(shown: Floats, seen: SeenVolume) -> Peak:
    """Where a smoothed map speaks most for the label; of one that speaks for it nowhere, most against it."""
    flat = shown if shown.max() > 0 else np.abs(shown)
    place = np.unravel_index(int(np.where(seen.filled, flat, -np.inf).argmax()), shown.shape)
    voxel = (int(place[0]), int(place[1]), int(place[2]))
    x, y, z = (seen.affine_ras @ np.array([*voxel, 1.0]))[:3]
    return Peak(voxel, (float(x), float(y), float(z)), float(shown[voxel]))


def voxel_at(ras_mm: Sequence[float], affine_ras: Affine, shape: Sequence[int]) -> tuple[int, int, int]:
    """The voxel nearest to a point in patient space."""
    place = np.linalg.solve(affine_ras, np.array([*ras_mm, 1.0]))[:3].round().astype(int)
    i, j, k = np.clip(place, 0, np.asarray(shape) - 1)
    return int(i), int(j), int(k)


def on_own_grid(values: Floats, seen: SeenVolume, affine_ras: Affine, shape: Sequence[int]) -> Floats:
    """A map ``(I, J, K)`` on another grid, linearly; beyond what the network saw it is 0.

    Args:
        seen: whose grid the map has.
        affine_ras: of the wanted grid.
        shape: of the wanted grid.
    """
    placed = on_grid(
        torch.from_numpy(np.ascontiguousarray(values, np.float32))[None],
        torch.from_numpy(seen.affine_ras),
        torch.from_numpy(affine_ras),
        tuple(shape),
        outside="zeros",
    )
    found: Floats = placed[0].numpy()
    return found


def mask_on_own_grid(mask: Bools, seen: SeenVolume, affine_ras: Affine, shape: Sequence[int]) -> Bools:
    """A mask, where more than half of a voxel lies in it."""
    return on_own_grid(mask.astype(np.float32), seen, affine_ras, shape) > 0.5


def map_image(values: Floats, affine_ras: Affine) -> nibabel.Nifti1Image:
    """A map as NIfTI float32 with the volume's affine in both of its places, mm."""
    image = nibabel.Nifti1Image(values.astype(np.float32), affine_ras)
    image.set_sform(affine_ras, code="scanner")
    image.set_qform(affine_ras, code="scanner")
    image.header.set_xyzt_units("mm")
    return image
