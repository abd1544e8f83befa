"""Where the patient is: the box that is worth looking at, and which windows see nothing but air.

Air is what lies below a value and is not enclosed by the body in its plane, so that lungs and bowel count as body. The
map is made on a grid four times coarser than the network's: it decides what is skipped, never what a voxel is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

COARSENING = 4
"""Network voxels of one voxel of the map."""

SMALLEST_BODY_SHARE = 0.02
"""Of the largest connected part, below which another part (couch, cable, noise) is not body."""

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class BodyMap:
    """Body or air, coarse.

    Attributes:
        coarse: ``(x, y, z)`` bool, one voxel for :data:`COARSENING` of the network's along each axis.
        shape: of the network's grid.
    """

    coarse: np.ndarray
    shape: tuple[int, int, int]

    def box(self, margin: int) -> Box:
        """The smallest box of network voxels around the body, with a margin; everything where there is no body."""
        if not self.coarse.any():
            return everything(self.shape)
        found = ndimage.find_objects(self.coarse.astype(np.uint8))[0]
        sides = [
            slice(max(side.start * COARSENING - margin, 0), min(side.stop * COARSENING + margin, size))
            for side, size in zip(found, self.shape, strict=True)
        ]
        return sides[0], sides[1], sides[2]

    def touches(self, box: Box) -> bool:
        """Whether any of a box of network voxels is body."""
        part = tuple(slice(side.start // COARSENING, -(-side.stop // COARSENING)) for side in box)
        return bool(self.coarse[part].any())


def everything(shape: tuple[int, int, int]) -> Box:
    """The whole grid as a box."""
    return slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2])


def find_body(image: Tensor, *, air: float) -> BodyMap:
    """The body in an image on the network's grid.

    Args:
        image: ``(X, Y, Z)`` float32 in the volume's own units, with z (cranio-caudal in RAS) last.
        air: the largest value that is surely air, such as -500 HU.
    """
    padded = [side for size in reversed(image.shape) for side in (0, -size % COARSENING)]
    # the largest value of a block, so that a thin part of the body is not averaged away
    blocks = functional.pad(image[None, None], padded, value=float("-inf"))
    coarse = functional.max_pool3d(blocks, COARSENING)[0, 0].numpy() > air
    parts, count = ndimage.label(coarse)
    if count > 1:
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        coarse = np.isin(parts, np.flatnonzero(sizes >= SMALLEST_BODY_SHARE * sizes.max()))
    filled = [ndimage.binary_fill_holes(coarse[:, :, index]) for index in range(coarse.shape[2])]
    return BodyMap(np.stack(filled, axis=2), (image.shape[0], image.shape[1], image.shape[2]))
