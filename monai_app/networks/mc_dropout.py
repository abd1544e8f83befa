"""Monte Carlo dropout that resamples only what follows a deterministic trunk (Gal and Ghahramani, ICML 2016).

The trunk runs once a sample; T masks are applied to its output at once, so that T samples cost close to one pass.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from monai_app.core.random import torch_generator


class SampledTail(nn.Module):
    """Dropout, linear layer, GELU, dropout: trunk features ``(B, d)`` -> samples ``(T, B, h)``.

    In training every sample of a batch has masks of its own, from torch's generator, which the trainer seeds for each
    step. In evaluation the T masks are a function of ``purpose`` and the same for every patient: a patient's result
    depends neither on the batch nor on how often the network was asked.

    Args:
        width: features d of the trunk.
        hidden: features h of a sample.
        purpose: what the masks are for; another purpose, other masks.
        samples: T in evaluation.
        training_samples: T in training.
        rate: probability that a feature is dropped.

    Raises:
        ValueError: fewer than one sample, or a rate outside [0, 1).
    """

    input_mask: Tensor
    hidden_mask: Tensor

    def __init__(
        self, width: int, hidden: int, purpose: str, *, samples: int = 20, training_samples: int = 4, rate: float = 0.3
    ) -> None:
        super().__init__()
        if samples < 1 or training_samples < 1 or not 0 <= rate < 1:
            msg = f"need samples >= 1 and 0 <= rate < 1, got {samples}, {training_samples} samples and rate {rate}"
            raise ValueError(msg)
        self.rate, self.training_samples = rate, training_samples
        self.linear = nn.Linear(width, hidden)
        generator = torch_generator("mc-dropout", purpose)
        for name, size in (("input_mask", width), ("hidden_mask", hidden)):
            kept = torch.rand(samples, 1, size, generator=generator) >= rate
            self.register_buffer(name, kept.float() / (1 - rate), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """All samples ``(T, B, h)``."""
        if self.training:
            spread = features.expand(self.training_samples, *features.shape)
            hidden = nn.functional.gelu(self.linear(nn.functional.dropout(spread, self.rate)))
            return nn.functional.dropout(hidden, self.rate)
        return self._pass(features, self.input_mask, self.hidden_mask)

    def sample(self, features: Tensor, index: int) -> Tensor:
        """Sample ``index`` alone ``(B, h)``: what the usual way computes, with a pass of the trunk for each."""
        return self._pass(features, self.input_mask[index], self.hidden_mask[index])

    def _pass(self, features: Tensor, input_mask: Tensor, hidden_mask: Tensor) -> Tensor:
        return nn.functional.gelu(self.linear(features * input_mask)) * hidden_mask
