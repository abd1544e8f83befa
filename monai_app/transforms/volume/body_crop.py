"""The body in a CT: a box around it, and a crop to that box that can be undone.

Half of the voxels of a CT are air around the patient; no window of a network need look at them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Crop, InvertibleTransform, MapTransform
from scipy import ndimage

from monai_app.core.errors import InputRejected

AIR_HU = -500.0
"""Between air (-1000) and the lightest tissue outside the lungs, fat (-120)."""

SEARCH_MM = 4.0
"""Voxels are looked at about this far apart; a body does not hide between them."""

MARGIN_MM = 10.0
"""Kept around what was found: skin folds, and context for a network."""

Box = tuple[slice, slice, slice]


def body_box(array_hu: npt.NDArray[Any], spacing_mm: Sequence[float], *, margin_mm: float = MARGIN_MM) -> Box:
    """The box of the body, in voxels of the given grid.

    The largest connected piece denser than air, after an opening that cuts off table tops and tubes; lungs and bowel
    lie inside its box. Voxels that are not finite count as air.

    Args:
        array_hu: ``(I, J, K)`` in HU.
        spacing_mm: along the three axes.
        margin_mm: added on every side, within the array.

    Raises:
        InputRejected: ``NO_CONTENT`` where nothing is denser than air.
    """
    strides = [max(1, int(SEARCH_MM / step)) for step in spacing_mm]
    coarse = array_hu[tuple(slice(None, None, stride) for stride in strides)]
    with np.errstate(invalid="ignore"):
        dense = coarse > AIR_HU
    opened = ndimage.binary_opening(dense) if min(dense.shape) > 2 else dense
    pieces, count = ndimage.label(opened if opened.any() else dense)
    if count == 0:
        raise InputRejected(
            "NO_CONTENT",
            "the CT shows air only",
            expected=f"a body denser than {AIR_HU:g} HU",
            remedy="Check the rescale of the series.",
        )
    largest = int(np.bincount(pieces.ravel())[1:].argmax())
    found = ndimage.find_objects(pieces)[largest]
    box = []
    for axis, (piece, stride, step) in enumerate(zip(found, strides, spacing_mm, strict=True)):
        reach = stride + round(margin_mm / step)
        box.append(slice(max(0, piece.start * stride - reach), min(array_hu.shape[axis], piece.stop * stride + reach)))
    return box[0], box[1], box[2]


class BodyCropd(MapTransform, InvertibleTransform):
    """Crop images and labels of one grid to the box of the body in the image; ``inverse`` puts zeros around them.

    Args:
        keys: of MetaTensors ``(C, I, J, K)`` on one grid.
        source_key: of the CT in HU.
    """

    def __init__(
        self,
        keys: KeysCollection,
        source_key: str = "image",
        *,
        margin_mm: float = MARGIN_MM,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        self.source_key = source_key
        self.margin_mm = margin_mm
        self.cropper = Crop()

    def __call__(self, data: Mapping[Hashable, Any], lazy: bool | None = None) -> dict[Hashable, Any]:
        """The sample, cropped."""
        sample = dict(data)
        source = sample[self.source_key]
        spacing = np.linalg.norm(source.affine.numpy()[:3, :3], axis=0).tolist()
        box = body_box(source[0].numpy(), spacing, margin_mm=self.margin_mm)
        for key in self.key_iterator(sample):
            sample[key] = self.cropper(sample[key], box)
        return sample

    def inverse(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample on its grid before the crop."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            assert isinstance(sample[key], MetaTensor), "only what was cropped can be put back"
            sample[key] = self.cropper.inverse(sample[key])
        return sample
