"""The loss of a conditioned diffusion: the velocity's error, and two options that keep it from ignoring the EHR.

Both are DDL-CXR's (NeurIPS 2024): the labels predicted from the EHR tokens, and a contrast - with EHR tokens replaced
by noise the error must be larger by a margin, weighted by 1 - abar, since near the image the condition hardly matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


class _Denoised(Protocol):
    """What the network returns, as far as the loss reads it."""

    velocity: Tensor
    target: Tensor
    noise_share: Tensor
    blinded: Tensor | None
    labels: Tensor | None
    told: Tensor | None


class DiffusionLoss(nn.Module):
    """``(Denoised, targets) -> scalar``.

    Args:
        contrast_weight: of the contrast; the batch must carry noise for it.
        margin: by which the blinded error must be larger.
        label_weight: of the cross-entropy of the labels told by the EHR tokens.
    """

    def __init__(self, *, contrast_weight: float = 0.0, margin: float = 0.05, label_weight: float = 0.0) -> None:
        super().__init__()
        self.contrast_weight, self.margin, self.label_weight = contrast_weight, margin, label_weight

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Nothing here is fitted."""

    def forward(self, output: _Denoised, targets: Mapping[str, Tensor]) -> Tensor:
        """The loss of a batch."""
        errors = sample_errors(output.velocity, output.target)
        loss = errors.mean()
        if self.contrast_weight and output.blinded is not None:
            blinded = sample_errors(output.blinded, output.target)
            shortfall = functional.relu(self.margin + errors - blinded)
            loss = loss + self.contrast_weight * (output.noise_share * shortfall).mean()
        if self.label_weight and output.labels is not None and output.told is not None:
            loss = loss + self.label_weight * known_cross_entropy(output.labels, output.told)
        return loss


def sample_errors(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of each sample ``(B,)``."""
    return (predicted - target).square().flatten(1).mean(dim=1)


def known_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy over the known entries of ``(B, K)``; 0 where none is known."""
    known = ~labels.isnan()
    entries = functional.binary_cross_entropy_with_logits(logits, torch.nan_to_num(labels), reduction="none")
    return (entries * known).sum() / known.sum().clamp_min(1)
