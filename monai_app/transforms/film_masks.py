"""LoadFilmMasksd: the path of a film's bit mask becomes one channel a structure, on the grid of the network's film."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from torch import Tensor

from monai_app.dicom.area import area_mean, fitted_shape
from monai_app.transforms.film import letterbox
from monai_app.transforms.picture import read_picture


class LoadFilmMasksd(MapTransform):
    """Replace the path under each key by the share of each pixel that a structure covers.

    Args:
        keys: of paths of grey pictures whose values are sums of bits.
        structures: bits by name; a pixel belongs to a structure where it has any of its bits.
        size_px: side of the square, letterboxed and area-averaged as :class:`monai_app.transforms.film.LoadFilmd` does.

    Raises:
        InputRejected: as :func:`monai_app.transforms.picture.read_picture`.
    """

    def __init__(
        self,
        keys: KeysCollection,
        structures: Mapping[str, int],
        size_px: int = 224,
        *,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.structures, self.size_px = dict(structures), size_px

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with ``(structures, size_px, size_px)`` float32 in [0, 1] in the place of paths."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            sample[key] = load_masks(sample[key], list(self.structures.values()), self.size_px)
        return sample


def load_masks(path: str | Path, bits: Sequence[int], size_px: int) -> Tensor:
    """The masks at ``path``, (len(bits), size_px, size_px)."""
    codes = read_picture(path)
    height, width = codes.shape
    shape = fitted_shape(height, width, size_px) if max(height, width) > size_px else (height, width)
    layers = [letterbox(area_mean(((codes & bit) > 0).astype(np.uint8), shape)[0], size_px) for bit in bits]
    return torch.from_numpy(np.stack(layers))
