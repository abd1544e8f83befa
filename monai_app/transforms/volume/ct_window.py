"""CTWindowd: Hounsfield units seen through one or several windows, a channel each."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type
from torch import Tensor

from monai_app.transforms.volume.content import check_content

Window = tuple[float, float]

WINDOWS: Mapping[str, Window] = {
    "soft tissue": (40.0, 400.0),
    "lung": (-600.0, 1500.0),
    "bone": (400.0, 1800.0),
    "brain": (40.0, 80.0),
    "liver": (60.0, 160.0),
}
"""(level, width) in HU, as radiologists commonly set them."""


class CTWindowd(MapTransform):
    """An image ``(1, I, J, K)`` in HU becomes ``(W, I, J, K)``: 0 at a window's lower end, 1 at its upper, clipped.

    Windows are not linear over their ends, so resample before them.

    Args:
        windows: names of :data:`WINDOWS`, or (level, width) in HU.

    Raises:
        ValueError: for a window without width or an unknown name.
        InputRejected: ``NOT_FINITE``, ``NO_CONTENT``.
    """

    def __init__(
        self,
        keys: KeysCollection,
        windows: Sequence[str | Sequence[float]] = ("soft tissue",),
        *,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.windows = [_window(window) for window in windows]

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with windowed images."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            hu = sample[key]
            check_content(torch.as_tensor(hu).as_subclass(Tensor))
            plain = torch.as_tensor(hu).as_subclass(Tensor).float()
            seen = torch.cat([((plain - level) / width + 0.5).clamp(0, 1) for level, width in self.windows])
            sample[key] = convert_to_dst_type(seen, hu, dtype=torch.float32)[0]
        return sample


def _window(given: str | Sequence[float]) -> Window:
    if isinstance(given, str):
        if given not in WINDOWS:
            msg = f"unknown window {given!r}, known are {', '.join(WINDOWS)}"
            raise ValueError(msg)
        return WINDOWS[given]
    level, width = given
    if not width > 0:
        msg = f"the width of a window must be positive, got {width}"
        raise ValueError(msg)
    return float(level), float(width)
