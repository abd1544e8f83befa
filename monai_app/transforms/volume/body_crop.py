"""A CT cropped to the box of the body, in a way that can be undone.

Half of the voxels of a CT are air around the patient; no window of a network need look at them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Crop, InvertibleTransform, MapTransform
from torch import Tensor

from monai_app.core.errors import InputRejected
from monai_app.transforms.volume.body import Box, find_body

AIR_HU = -500.0
"""Between air (-1000) and the lightest tissue outside the lungs, fat (-120)."""

SEARCH_MM = 4.0
"""Side of the blocks that are body or air."""

MARGIN_MM = 10.0
"""Kept around what was found: skin folds, and context for a network."""


def body_box(image_hu: Tensor, spacing_mm: Sequence[float], *, margin_mm: float = MARGIN_MM) -> Box:
    """The box of the body, in voxels of the given grid.

    Everything denser than air but small separate parts (:func:`monai_app.transforms.volume.body.find_body`): a couch
    may be kept, a leg or an arm beside the trunk must be. Voxels that are not finite count as air.

    Args:
        image_hu: ``(I, J, K)`` in HU.
        spacing_mm: along the three axes.
        margin_mm: added on every side, within the array.

    Raises:
        InputRejected: ``NO_CONTENT`` where nothing is denser than air.
    """
    known = torch.where(torch.isfinite(image_hu), image_hu, float("-inf")).float()
    steps = [max(1, int(SEARCH_MM / step)) for step in spacing_mm]
    body = find_body(known, air=AIR_HU, coarsening=(steps[0], steps[1], steps[2]))
    if not body.blocks.any():
        raise InputRejected(
            "NO_CONTENT",
            "the CT shows air only",
            expected=f"a body denser than {AIR_HU:g} HU",
            remedy="Check the rescale of the series.",
        )
    return body.box([round(margin_mm / step) for step in spacing_mm])


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
        box = body_box(source[0].as_tensor(), spacing, margin_mm=self.margin_mm)
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
