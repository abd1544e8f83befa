"""Where the voxels of an image lie, kept as plain tensors that survive caching and batching; and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, SpatialResample


class KeepGridd(MapTransform):
    """Writes ``<key>_<name>_affine`` (4, 4) float64, voxel indices to RAS mm, and ``<key>_<name>_shape`` (3,) int64.

    Placed after loading and again after the last geometric transform it says how to bring a result back.

    Args:
        keys: images ``(C, I, J, K)`` that are MetaTensors.
        name: of the grid, such as ``native`` or ``network``.
    """

    def __init__(self, keys: KeysCollection, name: str, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.name = name

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """The sample with the grid of every key.

        Raises:
            TypeError: an image without an affine.
        """
        result = dict(data)
        for key in self.key_iterator(result):
            image = result[key]
            if not isinstance(image, MetaTensor):
                msg = f"The grid of a MetaTensor can be kept, got {type(image).__name__}"
                raise TypeError(msg)
            result[f"{key}_{self.name}_affine"] = image.affine.to(torch.float64).clone()
            result[f"{key}_{self.name}_shape"] = torch.tensor(image.shape[1:], dtype=torch.int64)
        return result


class PlainTensorsd(MapTransform):
    """Drops MONAI's metadata, which costs time in every operation, and sets the type of the numbers.

    Args:
        keys: what to convert.
        dtypes: one a key, such as ``float32`` or ``uint8``.
    """

    def __init__(self, keys: KeysCollection, dtypes: Sequence[str], allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.dtypes = tuple(dtypes)
        if len(self.dtypes) != len(self.keys):
            msg = f"Every key needs a type, got {len(self.keys)} keys and {len(self.dtypes)} types"
            raise ValueError(msg)

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """The sample with plain tensors."""
        result = dict(data)
        for key, dtype in self.key_iterator(result, self.dtypes):
            value = torch.as_tensor(result[key])
            plain = value.as_tensor() if isinstance(value, MetaTensor) else value
            result[key] = plain.to(getattr(torch, dtype)).contiguous()
        return result


def on_grid(
    values: torch.Tensor,
    affine: torch.Tensor,
    target_affine: torch.Tensor,
    target_shape: Sequence[int],
    *,
    mode: str = "bilinear",
    outside: str = "border",
) -> torch.Tensor:
    """Values resampled onto another grid, linearly unless said; the same grid gives the same values.

    Args:
        values: (C, I, J, K).
        affine: (4, 4) of its grid, voxel indices to mm.
        target_affine: (4, 4) of the wanted grid.
        target_shape: (3,) voxels of the wanted grid.
        mode: ``bilinear`` or ``nearest``.
        outside: what is beyond the grid of the values: ``border`` repeats it, ``zeros``.
    """
    if tuple(values.shape[1:]) == tuple(target_shape) and torch.allclose(affine, target_affine, atol=1e-6):
        return values
    resample = SpatialResample(mode=mode, padding_mode=outside, dtype=np.float32)
    placed = resample(MetaTensor(values, affine=affine), dst_affine=target_affine, spatial_size=tuple(target_shape))
    return placed.as_tensor() if isinstance(placed, MetaTensor) else placed
