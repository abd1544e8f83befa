"""Where the patient is in a CT: the box worth looking at, what sees nothing but air, and what surely lies beside.

Air is what lies below a value and is not enclosed by the body in its plane, so that lungs and bowel count as body. The
map is made of blocks of voxels: it decides what is skipped or cropped, and what is beside the body altogether.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from skimage.morphology import convex_hull_image
from torch import Tensor
from torch.nn import functional

COARSENING = (4, 4, 4)
"""Voxels of one block along each axis."""

SMALLEST_BODY_SHARE = 0.02
"""Of the largest connected part, below which another part (couch, cable, noise) is not body."""

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class BodyMap:
    """Body or air, in blocks.

    Attributes:
        blocks: ``(x, y, z)`` bool.
        shape: voxels of the grid.
        coarsening: voxels of a block along each axis.
    """

    blocks: npt.NDArray[np.bool_]
    shape: tuple[int, int, int]
    coarsening: tuple[int, int, int] = COARSENING

    def box(self, margins: Sequence[int]) -> Box:
        """The smallest box of voxels around the body, with margins; everything where there is no body."""
        if not self.blocks.any():
            return everything(self.shape)
        found = ndimage.find_objects(self.blocks.astype(np.uint8))[0]
        sides = [
            slice(max(side.start * step - margin, 0), min(side.stop * step + margin, size))
            for side, step, margin, size in zip(found, self.coarsening, margins, self.shape, strict=True)
        ]
        return sides[0], sides[1], sides[2]

    def touches(self, box: Box) -> bool:
        """Whether any of a box of voxels is body."""
        part = tuple(
            slice(side.start // step, -(-side.stop // step)) for side, step in zip(box, self.coarsening, strict=True)
        )
        return bool(self.blocks[part].any())

    @cached_property
    def beside(self) -> npt.NDArray[np.bool_]:
        """Blocks outside the convex hull of the body in their plane across z: neither lung nor bowel can lie there.

        The hull, and not the body, since lungs that the edge of the picture cuts open are not enclosed.
        """
        hull = np.zeros_like(self.blocks)
        for index in np.flatnonzero(self.blocks.any(axis=(0, 1))):
            hull[:, :, index] = convex_hull_image(self.blocks[:, :, index])
        return ~hull

    def beside_in(self, box: Box, order: Sequence[int] = (0, 1, 2)) -> Tensor:
        """Voxels of a box that lie beside the body, bool, its axes in the given order."""
        rows = [np.arange(side.start, side.stop) // step for side, step in zip(box, self.coarsening, strict=True)]
        return torch.from_numpy(self.beside[np.ix_(*rows)].transpose(tuple(order)))


def everything(shape: tuple[int, int, int]) -> Box:
    """The whole grid as a box."""
    return slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2])


def find_body(image: Tensor, *, air: float, coarsening: tuple[int, int, int] = COARSENING) -> BodyMap:
    """The body in an image.

    Args:
        image: ``(X, Y, Z)`` float32, finite, in the volume's own units, with z (cranio-caudal in RAS) last.
        air: the largest value that is surely air, such as -500 HU.
        coarsening: voxels of a block.
    """
    steps = list(zip(image.shape, coarsening, strict=True))
    padded = [side for size, step in reversed(steps) for side in (0, -size % step)]
    # the largest value of a block, so that a thin part of the body is not averaged away
    whole = functional.pad(image[None, None], padded, value=float("-inf"))
    blocks = functional.max_pool3d(whole, coarsening)[0, 0].numpy() > air
    parts, count = ndimage.label(blocks)
    if count > 1:
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        blocks = np.isin(parts, np.flatnonzero(sizes >= SMALLEST_BODY_SHARE * sizes.max()))
    filled = [ndimage.binary_fill_holes(blocks[:, :, index]) for index in range(blocks.shape[2])]
    return BodyMap(np.stack(filled, axis=2), (image.shape[0], image.shape[1], image.shape[2]), coarsening)


def background_beside(probabilities: Tensor, beside: Tensor) -> Tensor:
    """Class probabilities ``(C, a, b, c)`` with background, the first class, certain where ``beside`` ``(a, b, c)``.

    In place: the probabilities given are the ones returned.
    """
    if beside.any():
        probabilities.masked_fill_(beside, 0.0)
        probabilities[0].masked_fill_(beside, 1.0)
    return probabilities
