"""Ranking of a system's branches: the one that predicts better should get more of the attention (DrFuse, AAAI 2024)."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Branches(Protocol):
    """What the loss reads of branches (see ``networks.output.Branches``)."""

    logits: dict[str, dict[str, Tensor]]
    present: Tensor
    attention: dict[str, Tensor]


def ranking_loss(losses: Tensor, attention: Tensor, counted: Tensor) -> Tensor:
    """Margin ranking over pairs of branches: max(0, a_worse - a_better), margin 0 (our reading).

    The loss of a branch is detached: it says which one is better and is not itself changed by the ranking. Equal
    losses rank nothing.

    Args:
        losses: of each entry and branch ``(B, K', R)``.
        attention: of each output to each branch ``(B, K, R)``; where a task has one loss for several outputs
            (multiclass, survival; K' = 1), the mean over its outputs is ranked (our reading).
        counted: entries that are labelled and whose branch is present ``(B, K', R)``.

    Returns:
        The mean over the counted pairs; zero, with a gradient path, where there is none.
    """
    if attention.shape[1] != losses.shape[1]:
        attention = attention.mean(dim=1, keepdim=True)
    losses = losses.detach()
    first, second = torch.triu_indices(losses.shape[2], losses.shape[2], offset=1, device=losses.device)
    better = torch.sign(losses[..., second] - losses[..., first])
    pairs = counted[..., first] & counted[..., second]
    loss = (-better * (attention[..., first] - attention[..., second])).clamp_min(0.0)
    return (loss * pairs).sum() / pairs.sum().clamp_min(1)
