"""Exponential moving average of the weights: what is validated and shipped.

Decay after n updates: min(decay, (1 + n) / (10 + n)), so that a short training is not held at its random start
(the rule of TensorFlow's ExponentialMovingAverage with ``num_updates``).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from monai_app.engines.distributed import unwrapped


class AveragedNetwork(AveragedModel):
    """The running average of a network's parameters; buffers are copied.

    Args:
        network: the network in training.
        decay: of the average; 0 follows the network exactly.
    """

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        self.decay = decay
        super().__init__(unwrapped(network), multi_avg_fn=self._average)

    def _average(self, averaged: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int) -> None:
        count = float(updates)
        decay = min(self.decay, (1 + count) / (10 + count))
        torch._foreach_lerp_(list(averaged), list(current), 1 - decay)

    def update(self, network: nn.Module) -> None:
        """Take one step towards the network."""
        with torch.no_grad():
            self.update_parameters(unwrapped(network))
