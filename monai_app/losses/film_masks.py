"""The loss of a pretraining on film masks: cross-entropy, Dice, and how badly the sizes are ordered.

L = BCE + Dice + mean_c (1 - r_c) with r_c the correlation, over the batch, of what the network tells of structure c and
the root of the share of the film that c takes up. Dice (one over the batch a structure) and the last term count a rare
small structure as much as a large one; the last term asks for no unit, so that no step is spent on means and scales.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from monai.losses import DiceLoss
from torch import Tensor, nn
from torch.nn import functional

MASKS = "label_masks"
"""Key of the targets ``(B, C, S, S)`` in [0, 1]."""

_LEAST_VARIANCE = 1e-8
"""What a structure that is equally large in the whole batch counts as: it then has no correlation and no gradient."""


class _Masks(Protocol):
    """What the network returns, as far as the loss reads it."""

    logits: Tensor
    sizes: Tensor


class FilmMaskLoss(nn.Module):
    """``(FilmMasks, targets) -> scalar``.

    Args:
        size_weight: weight of the sizes' term.
    """

    def __init__(self, size_weight: float = 1.0) -> None:
        super().__init__()
        self.size_weight = size_weight
        self.dice = DiceLoss(sigmoid=True, batch=True)

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Nothing here is fitted."""

    def forward(self, output: _Masks, targets: Mapping[str, Tensor]) -> Tensor:
        """The loss of a batch; targets are averaged to the cells of the logits ``(B, C, h, w)``."""
        height, width = output.logits.shape[-2:]
        covered = functional.adaptive_avg_pool2d(targets[MASKS], (height, width))
        cross_entropy = functional.binary_cross_entropy_with_logits(output.logits, covered)
        dice: Tensor = self.dice(output.logits, covered)
        return cross_entropy + dice + self.size_weight * (1 - correlations(output.sizes, root_sizes(targets))).mean()


def correlations(told: Tensor, true: Tensor) -> Tensor:
    """Pearson's correlation over the samples ``(B, C)`` of each column; 0 where one does not vary."""
    told, true = told - told.mean(dim=0), true - true.mean(dim=0)
    variances = told.square().mean(dim=0) * true.square().mean(dim=0)
    return (told * true).mean(dim=0) / (variances + _LEAST_VARIANCE**2).sqrt()


def root_sizes(targets: Mapping[str, Tensor]) -> Tensor:
    """Root of the share of the film that each structure takes up, ``(B, C)``."""
    return targets[MASKS].mean(dim=(2, 3)).sqrt()
