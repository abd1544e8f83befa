"""The loss of an autoencoder: L1, the latent's divergence from a unit Gaussian, perceptual and adversarial terms.

The discriminator is part of the loss and learns in the same step, with its own term: the network's term sees it through
detached weights, its own sees the reconstruction detached. One optimiser and one checkpoint are then enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from monai.losses import PatchAdversarialLoss
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional


class _Reconstruction(Protocol):
    """What the network returns, as far as the loss reads it."""

    image: Tensor
    mean: Tensor
    spread: Tensor


class AutoencoderLoss(nn.Module):
    """``(Reconstruction, image) -> scalar``.

    Args:
        kl_weight: of the divergence, summed over a latent's entries.
        perceptual: distance on features of our own; None for none.
        perceptual_weight: of that distance.
        discriminator: MONAI's PatchDiscriminator; None trains without an adversary.
        adversarial_weight: of fooling it.
        warmup_steps: steps before the adversary plays; it learns from the first of its steps on.
    """

    steps: Tensor

    def __init__(
        self,
        *,
        kl_weight: float = 1e-6,
        perceptual: nn.Module | None = None,
        perceptual_weight: float = 0.1,
        discriminator: nn.Module | None = None,
        adversarial_weight: float = 0.01,
        warmup_steps: int = 1000,
    ) -> None:
        super().__init__()
        self.kl_weight, self.perceptual_weight = kl_weight, perceptual_weight
        self.perceptual, self.discriminator = perceptual, discriminator
        self.adversarial_weight, self.warmup_steps = adversarial_weight, warmup_steps
        self.adversary = PatchAdversarialLoss(criterion="least_squares")
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Nothing here is fitted."""

    def forward(self, output: _Reconstruction, target: Tensor) -> Tensor:
        """The loss of a batch of images ``(B, 1, ...)``."""
        loss = functional.l1_loss(output.image, target) + self.kl_weight * divergence(output.mean, output.spread)
        if self.perceptual is not None and self.perceptual_weight:
            loss = loss + self.perceptual_weight * self.perceptual(output.image, target)
        if self.discriminator is not None:
            if int(self.steps) >= self.warmup_steps:
                loss = loss + self._adversarial(self.discriminator, output.image, target)
            if self.training:
                self.steps += 1
        return loss

    def _adversarial(self, discriminator: nn.Module, image: Tensor, target: Tensor) -> Tensor:
        fixed = {name: value.detach() for name, value in discriminator.named_parameters()}
        seen = functional_call(discriminator, fixed, (image,))[-1]
        fooled: Tensor = self.adversary(seen, target_is_real=True, for_discriminator=False)
        false = self.adversary(discriminator(image.detach())[-1], target_is_real=False, for_discriminator=True)
        true = self.adversary(discriminator(target)[-1], target_is_real=True, for_discriminator=True)
        return self.adversarial_weight * fooled + (false + true) / 2


def divergence(mean: Tensor, spread: Tensor) -> Tensor:
    """KL divergence of Gaussians (B, ...) from the unit Gaussian: summed over entries, averaged over the batch."""
    entries = 0.5 * (mean.square() + spread.square() - spread.square().clamp_min(1e-12).log() - 1.0)
    return entries.flatten(1).sum(dim=1).mean()
