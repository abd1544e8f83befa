"""A volume on the grid of a network, and the window of it that is explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Bools = npt.NDArray[np.bool_]
Affine = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SeenVolume:
    """What a network is given of a volume.

    Attributes:
        image: ``(S, I, J, K)`` preprocessed intensities, a channel a sequence.
        affine_ras: ``(4, 4)`` of its grid, voxel indices to RAS+ mm.
        inside: ``(I, J, K)`` False where the image was padded and there is nothing; None where all of it is image.
    """

    image: Tensor
    affine_ras: Affine
    inside: Bools | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the grid."""
        i, j, k = self.image.shape[1:]
        return int(i), int(j), int(k)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between voxel centres along each axis."""
        along = np.linalg.norm(self.affine_ras[:3, :3], axis=0)
        return float(along[0]), float(along[1]), float(along[2])

    @property
    def filled(self) -> Bools:
        """``inside``, also where all of it is image."""
        return np.ones(self.shape, np.bool_) if self.inside is None else self.inside

    def padded(self, size: Sequence[int]) -> SeenVolume:
        """At least of a size; what is missing is zero on both sides, as MONAI's sliding windows have it."""
        missing = [max(0, want - have) for want, have in zip(size, self.shape, strict=True)]
        if not any(missing):
            return self
        before = [count // 2 for count in missing]
        after = [count - first for count, first in zip(missing, before, strict=True)]
        sides = [count for axis in (2, 1, 0) for count in (before[axis], after[axis])]
        inside = np.pad(self.filled, list(zip(before, after, strict=True)))
        image = torch.nn.functional.pad(self.image, sides)
        return SeenVolume(image, _moved(self.affine_ras, [-count for count in before]), inside)

    def part(self, start: Sequence[int], size: Sequence[int]) -> SeenVolume:
        """A window of it."""
        box = tuple(slice(first, first + length) for first, length in zip(start, size, strict=True))
        inside = None if self.inside is None else self.inside[box]
        return SeenVolume(self.image[(slice(None), *box)], _moved(self.affine_ras, start), inside)


def _moved(affine: Affine, voxels: Sequence[int]) -> Affine:
    moved = affine.copy()
    moved[:3, 3] = affine[:3, :3] @ np.asarray(voxels, np.float64) + affine[:3, 3]
    return moved
