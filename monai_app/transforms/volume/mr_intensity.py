"""NormaliseMRd: MR intensities have no unit, so each sequence is put on its own scale, padding left out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type
from torch import Tensor

from monai_app.transforms.volume.content import check_content

VALID_SUFFIX = "_valid"
"""``<key>_valid`` marks the voxels of ``<key>`` that are image: bool of the same shape."""

_MOST_SORTED = 1 << 17
"""Percentiles of more voxels than this are taken from every n-th of them."""


class Scale(StrEnum):
    """What becomes 0 and 1."""

    PERCENTILE = "percentile"
    Z_SCORE = "zscore"


class NormaliseMRd(MapTransform):
    """Normalise each channel (sequence) of ``(C, I, J, K)`` by its own values.

    ``percentile`` maps the lower and the upper percentile to 0 and 1 and clips; ``zscore`` subtracts the mean and
    divides by the standard deviation of what lies between the percentiles. Voxels that are no image get the least
    normalised value. Reads ``<key>_valid`` where the sample has it, and removes it.

    Raises:
        ValueError: for percentiles out of order.
        InputRejected: ``NOT_FINITE``, ``NO_CONTENT``.
    """

    def __init__(
        self,
        keys: KeysCollection,
        scale: str = Scale.PERCENTILE,
        *,
        lower: float = 1.0,
        upper: float = 99.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        if not 0 <= lower < upper <= 100:
            msg = f"percentiles must rise from 0 to 100, got {lower} and {upper}"
            raise ValueError(msg)
        self.scale = Scale(scale)
        self.lower, self.upper = lower, upper

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with normalised images."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            image = sample[key]
            valid = sample.pop(f"{key}{VALID_SUFFIX}", None)
            masks = [None] * len(image) if valid is None else _plain(valid).bool().expand(image.shape)
            plain = _plain(image).float()
            channels = [self.normalise(channel, mask) for channel, mask in zip(plain, masks, strict=True)]
            normalised = torch.stack(channels)
            sample[key] = convert_to_dst_type(normalised, image, dtype=torch.float32)[0]
        return sample

    def normalise(self, channel: Tensor, valid: Tensor | None = None) -> Tensor:
        """One sequence, ``(I, J, K)``."""
        values = check_content(channel, valid)
        low, high = percentiles(values, self.lower, self.upper)
        if low == high:
            low, high = float(values.min()), float(values.max())
        if self.scale is Scale.PERCENTILE:
            result = ((channel - low) / (high - low)).clamp(0, 1)
        else:
            inner = values[(values >= low) & (values <= high)]
            result = (channel - inner.mean()) / inner.std().clamp(min=1e-6 * (high - low))
        if valid is not None:
            result = torch.where(valid, result, result[valid].min())
        return result


def percentiles(values: Tensor, lower: float, upper: float) -> tuple[float, float]:
    """Two percentiles of a flat tensor; of every n-th value where there are millions."""
    some = values[:: max(1, values.numel() // _MOST_SORTED)]
    low, high = torch.quantile(some, torch.tensor([lower, upper], dtype=some.dtype) / 100).tolist()
    return low, high


def _plain(image: Tensor) -> Tensor:
    return torch.as_tensor(image).as_subclass(Tensor)
