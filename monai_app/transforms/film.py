"""LoadFilmd: the path of a film becomes the square that a network sees.

The film is area-averaged from its full resolution to the network's size in one step and centred on black (letterbox);
its aspect is kept, because a heart's width over a chest's width is a finding.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

from monai_app.dicom.area import Floats, area_mean, fitted_shape
from monai_app.dicom.film import read_film
from monai_app.transforms.picture import read_picture
from monai_app.transforms.presence import is_present

_DICOM_PREFIX_BYTES = 132


class LoadFilmd(MapTransform):
    """Replace the path under each key by a film (1, size_px, size_px), float32 in [0, 1], white for dense.

    An absent film becomes zeros. DICOM is recognised by content, not by name; its display is applied (MONOCHROME1
    inverted). 8-bit pictures are taken as they are shown; 16-bit ones over their own range, like a DICOM film
    that has no window.

    Raises:
        InputRejected: as :func:`monai_app.dicom.film.read_film` and :func:`monai_app.transforms.picture.read_picture`.
    """

    def __init__(self, keys: KeysCollection, size_px: int = 224, *, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.size_px = size_px

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with films in the place of paths."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            film = torch.zeros(1, self.size_px, self.size_px)
            if is_present(sample, key):
                film[0] = torch.from_numpy(load_film(sample[key], self.size_px))
            sample[key] = film
        return sample


def load_film(path: str | Path, size_px: int) -> Floats:
    """The film at ``path``, letterboxed, (size_px, size_px) in [0, 1]."""
    if is_dicom(path):
        return letterbox(read_film(path, longest_side_px=size_px).pixels, size_px)
    stored = read_picture(path)
    low, high = (0, 255) if stored.dtype == np.uint8 else (int(stored.min()), int(stored.max()))

    height, width = stored.shape
    pixels = stored.astype(np.float32)
    if max(height, width) > size_px:
        pixels, _ = area_mean(stored, fitted_shape(height, width, size_px))
    shown = (pixels - np.float32(low)) / np.float32(high - low)
    return letterbox(shown.clip(0, 1), size_px)  # the mean of a white area rounds to more than white


def letterbox(pixels: Floats, size_px: int) -> Floats:
    """Centre an image on a black square; a smaller image is first enlarged bilinearly to touch two sides."""
    height, width = pixels.shape
    if max(height, width) < size_px:
        height, width = fitted_shape(height, width, size_px)
        source = torch.from_numpy(pixels)[None, None]
        enlarged = torch.nn.functional.interpolate(source, (height, width), mode="bilinear", align_corners=False)
        pixels = enlarged[0, 0].numpy()
    top, left = (size_px - height) // 2, (size_px - width) // 2
    square = np.zeros((size_px, size_px), np.float32)
    square[top : top + height, left : left + width] = pixels
    return square


def is_dicom(path: str | Path) -> bool:
    """Whether a file is DICOM by its content."""
    source = Path(path)
    if not source.is_file():
        return False
    with source.open("rb") as stream:
        return stream.read(_DICOM_PREFIX_BYTES)[-4:] == b"DICM"
