"""Dice and cross-entropy, with deep supervision where the network has several heads (nnU-Net, Isensee et al. 2021)."""

from __future__ import annotations

from typing import Any

import torch
from monai.losses import DiceCELoss
from torch import Tensor, nn


class SegmentationLoss(nn.Module):
    """``sum_k 2^-k (Dice + CE)(head k) / sum_k 2^-k``; head 0 is the network's output.

    Args:
        include_background: count background's Dice as well; cross-entropy always has it.
        batch: one Dice over the whole batch, which is steadier where a structure is missing from a patch.
        options: further arguments of MONAI's DiceCELoss.
    """

    def __init__(self, *, include_background: bool = False, batch: bool = True, **options: Any) -> None:
        super().__init__()
        self.term = DiceCELoss(
            to_onehot_y=True, softmax=True, include_background=include_background, batch=batch, **options
        )

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Loss of logits.

        Args:
            output: ``(B, C, I, J, K)``, or ``(B, heads, C, I, J, K)`` as MONAI's DynUNet stacks its heads in training.
            target: label values ``(B, 1, I, J, K)``.

        Raises:
            ValueError: shapes that do not belong together.
        """
        heads = output.unbind(1) if output.ndim == target.ndim + 1 else (output,)
        if heads[0].shape[2:] != target.shape[2:]:
            msg = f"Logits and labels must lie on one grid, got {tuple(output.shape)} and {tuple(target.shape)}"
            raise ValueError(msg)
        weights = [0.5**k for k in range(len(heads))]
        terms = [weight * self.term(head, target) for weight, head in zip(weights, heads, strict=True)]
        return torch.stack(terms).sum() / sum(weights)
