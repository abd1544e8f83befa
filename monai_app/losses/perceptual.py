"""Perceptual distance on features of a network of our own: nothing is downloaded.

As in LPIPS (Zhang et al., CVPR 2018) with all weights one: the features of each stage are scaled to unit length in
every cell; their squared distances are averaged over cells and summed over stages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEAST = 1e-6


class PerceptualDistance(nn.Module):
    """``(image, reference) -> scalar``; the features are frozen and get no gradient of their own.

    Args:
        features: images ``(B, 1, H, W)`` in [0, 1] -> maps ``(B, C_s, h_s, w_s)`` of each stage.
    """

    def __init__(self, features: Callable[[Tensor], Sequence[Tensor]]) -> None:
        super().__init__()
        self.features = features
        if isinstance(features, nn.Module):
            features.requires_grad_(requires_grad=False).eval()

    def train(self, mode: bool = True) -> PerceptualDistance:
        """The features stay in evaluation mode: their normalisation must not follow this training."""
        super().train(mode)
        if isinstance(self.features, nn.Module):
            self.features.eval()
        return self

    def forward(self, image: Tensor, reference: Tensor) -> Tensor:
        """Mean distance of a batch, at least 0."""
        both = self.features(torch.cat([image, reference]))
        distance = image.new_zeros(())
        for stage in both:
            mine, other = functional.normalize(stage.float(), dim=1, eps=_LEAST).chunk(2)
            distance = distance + (mine - other).square().sum(dim=1).mean()
        return distance
