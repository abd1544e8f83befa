"""What a generative training is validated by: reconstruction in decibels, and the denoising loss with fixed noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from ignite.metrics import Metric
from torch import Tensor


class ReconstructionScore(Metric):
    """Peak signal-to-noise ratio in dB of images in [0, 1], averaged over images."""

    def __init__(self) -> None:
        super().__init__(output_transform=_prediction_and_label)

    def reset(self) -> None:
        """Forget the last epoch."""
        self._ratios: list[Tensor] = []

    def update(self, output: tuple[Any, Tensor]) -> None:
        """Take a batch."""
        reconstruction, image = output
        error = (reconstruction.image.clamp(0, 1) - image).square().flatten(1).mean(dim=1)
        self._ratios.append(-10.0 * error.clamp_min(1e-10).log10().cpu())

    def compute(self) -> float:
        """The score of the epoch in dB."""
        return float(torch.cat(self._ratios).double().mean())


class DenoisingScore(Metric):
    """The negative loss of a diffusion, averaged over samples; noise and times are the same in every epoch.

    Args:
        loss: ``(Denoised, targets) -> scalar``.
    """

    def __init__(self, loss: Callable[[Any, Any], Tensor]) -> None:
        self.loss = loss
        super().__init__(output_transform=_prediction_and_label)

    def reset(self) -> None:
        """Forget the last epoch."""
        self._sum, self._samples = 0.0, 0

    def update(self, output: tuple[Any, Any]) -> None:
        """Take a batch."""
        prediction, targets = output
        size = len(prediction.velocity)
        with torch.no_grad():
            self._sum += float(self.loss(prediction, targets)) * size
        self._samples += size

    def compute(self) -> float:
        """The score of the epoch."""
        return -self._sum / max(self._samples, 1)


def _prediction_and_label(output: Mapping[str, Any]) -> tuple[Any, Any]:
    return output["pred"], output["label"]
