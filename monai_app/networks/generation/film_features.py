"""Feature maps of a film encoder, stage by stage: for perceptual distances and for scores of generated films."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from monai_app.networks.encoders.film import FilmEncoder


class FilmFeatures(nn.Module):
    """Films ``(B, 1, H, W)`` in [0, 1] -> the maps after each dense block of a DenseNet encoder.

    Args:
        encoder: ``densenet121`` or ``densenet_narrow``; it is frozen.
        stages: dense blocks that are looked at, from 1.

    Raises:
        ValueError: an encoder without dense blocks.
    """

    def __init__(self, encoder: FilmEncoder, stages: Sequence[int] = (1, 2, 3)) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(requires_grad=False).eval()
        self.names = tuple(f"denseblock{stage}" for stage in stages)
        blocks = dict(encoder.features.named_children())
        if missing := [name for name in self.names if name not in blocks]:
            msg = f"The film encoder has no {missing}"
            raise ValueError(msg)

    def forward(self, film: Tensor) -> list[Tensor]:
        """The maps ``(B, C_s, h_s, w_s)`` of the stages, in their order."""
        maps, state = [], film * 2.0 - 1.0
        for name, layer in self.encoder.features.named_children():
            state = layer(state)
            if name in self.names:
                maps.append(state)
            if len(maps) == len(self.names):
                break
        return maps

    @torch.no_grad()
    def pooled(self, film: Tensor) -> Tensor:
        """Means of the last feature map ``(B, channels)``: one vector a film."""
        return self.encoder.feature_maps(film).flatten(2).mean(dim=2)
