"""CLAHEd: contrast limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994) of the downsized film.

Computed by scikit-image. Its clip limit is a fraction of a tile's pixels; the usual (OpenCV) one is a multiple of the
mean bin count, so ``clip_limit`` 2.0 with 256 bins is scikit-image's 2 / 256. OpenCV itself rounds and interpolates
differently and gives another picture: this one holds for training and inference alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from skimage.exposure import equalize_adapthist

from monai_app.dicom.area import Floats
from monai_app.transforms.presence import is_present

BINS = 256


class CLAHEd(MapTransform):
    """Equalise films (1, H, W) in [0, 1]; an absent film is left as it is.

    Args:
        clip_limit: greatest bin count as a multiple of the mean bin count of a tile; 0 leaves films as they are.
        tiles: tiles along each side.
    """

    def __init__(
        self, keys: KeysCollection, clip_limit: float = 2.0, tiles: int = 8, *, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.clip_limit = clip_limit
        self.tiles = tiles

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with equalised films."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            if self.clip_limit and is_present(sample, key):
                film = clahe(sample[key][0].numpy(), clip_limit=self.clip_limit, tiles=self.tiles)
                sample[key] = torch.from_numpy(film)[None]
        return sample


def clahe(film: Floats, *, clip_limit: float = 2.0, tiles: int = 8) -> Floats:
    """Equalise a film (H, W) in [0, 1]; the result spans [0, 1]."""
    tile = [max(1, side // tiles) for side in film.shape]
    equalised = equalize_adapthist(film, kernel_size=tile, clip_limit=clip_limit / BINS, nbins=BINS)
    return equalised.astype(np.float32, copy=False)
