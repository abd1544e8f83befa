"""From latents to images: at once for films, by overlapping tiles for volumes, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.inferers import sliding_window_inference
from torch import Tensor

from monai_app.networks.generation import FoldedAutoencoder


@torch.inference_mode()
def decode(
    autoencoder: FoldedAutoencoder,
    latents: Tensor,
    *,
    tile: Sequence[int] | None = None,
    overlap: float = 0.5,
    bf16: bool = False,
) -> Tensor:
    """Images ``(B, 1, ...)`` in [0, 1] of latents ``(B, C, ...)``.

    Args:
        autoencoder: in evaluation mode.
        tile: cells a side that are decoded at once; None decodes whole latents. Tiles are blended with Gaussian
            weights; group normalisation sees a tile only: tiles are an approximation, the larger the better.
        overlap: share of a tile's side.
        bf16: decode in bf16.
    """

    def decoded(part: Tensor) -> Tensor:
        with torch.autocast(part.device.type, dtype=torch.bfloat16, enabled=bf16):
            return autoencoder.decode(part).float()

    if tile is None or all(side <= most for side, most in zip(latents.shape[2:], tile, strict=True)):
        return decoded(latents).clamp(0.0, 1.0)
    joined = sliding_window_inference(latents, tuple(tile), 1, decoded, overlap=overlap, mode="gaussian")
    assert isinstance(joined, Tensor)
    return joined.clamp(0.0, 1.0)
