"""CollimationCropd: cut off the uniform borders that a collimator, a shutter or a letterbox leaves on a film."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Crop, InvertibleTransform, MapTransform

from monai_app.core.errors import InputRejected
from monai_app.dicom.area import Floats
from monai_app.transforms.presence import is_present

UNIFORM = 0.04
"""A line whose 2nd and 98th percentile lie closer than this share of the film's range shows no anatomy."""

LARGEST_CUT = 0.4
"""No side loses more than this share of the film."""

Rectangle = tuple[slice, slice]


def collimation_box(film: Floats) -> Rectangle:
    """The part of a film (H, W) that lies inside its uniform borders; all of it where there are none.

    Only borders parallel to the film's edges are found.

    Raises:
        InputRejected: ``NOT_FINITE``, ``NO_CONTENT``.
    """
    if not np.isfinite(film).all():
        raise InputRejected("NOT_FINITE", "the film has values that are no numbers", expected="finite values")
    span = float(film.max()) - float(film.min())
    if span == 0:
        raise InputRejected("NO_CONTENT", "the film shows nothing: all its pixels are equal")
    rows = _inside(film, UNIFORM * span)
    columns = _inside(film[rows].T, UNIFORM * span)
    return rows, columns


def _inside(lines: Floats, least: float) -> slice:
    low, high = np.percentile(lines, (2, 98), axis=1)
    shows = np.flatnonzero(high - low > least)
    most = int(LARGEST_CUT * len(lines))
    if shows.size == 0:
        return slice(0, len(lines))
    return slice(min(int(shows[0]), most), max(int(shows[-1]) + 1, len(lines) - most))


class CollimationCropd(MapTransform, InvertibleTransform):
    """Crop films ``(1, H, W)`` to :func:`collimation_box`; ``inverse`` puts black around them. An absent film stays."""

    def __init__(self, keys: KeysCollection, *, allow_missing_keys: bool = False) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        self.cropper = Crop()

    def __call__(self, data: Mapping[Hashable, Any], lazy: bool | None = None) -> dict[Hashable, Any]:
        """The sample with cropped films."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            if is_present(sample, key):
                film = MetaTensor(torch.as_tensor(sample[key]))
                sample[key] = self.cropper(film, collimation_box(film[0].numpy()))
        return sample

    def inverse(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with films of their former size."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            if is_present(sample, key):
                sample[key] = self.cropper.inverse(sample[key])
        return sample
