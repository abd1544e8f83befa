"""Discrete-time survival: the likelihood of hazards per interval, with censoring.

With hazards h_j = P(event in interval j | survived until it), an event in interval k contributes
log h_k + sum_{j<k} log(1 - h_j); a censored time t contributes log(1 - h_j) for the intervals whose upper edge is
<= t (Gensheimer and Narasimhan, PeerJ 2019, eq. 2-3). Both are a masked binary cross-entropy.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def survival_loss(logits: Tensor, label: Tensor, bin_edges: Tensor) -> Tensor:
    """Negative log likelihood a sample.

    Args:
        logits: hazard logits ``(B, K)``.
        label: ``(B, 2)`` of [time, event (1) or censored (0)], time in the unit of the edges.
        bin_edges: ascending upper edges of the K intervals ``(K,)``; the first interval starts at 0.

    Returns:
        ``(B,)``.
    """
    time, event = label[:, :1], label[:, 1:] > 0.5
    lower = torch.cat([torch.zeros_like(bin_edges[:1]), bin_edges[:-1]])
    in_interval = (time > lower) & (time <= bin_edges)
    in_interval[:, 0] |= time[:, 0] <= 0
    survived = bin_edges <= time
    survived &= ~(in_interval & event)
    happened = (in_interval & event).to(logits.dtype)
    counted = (survived | (in_interval & event)).to(logits.dtype)
    return (binary_cross_entropy_with_logits(logits, happened, reduction="none") * counted).sum(dim=1)


def survival_curve(logits: Tensor) -> Tensor:
    """S(t) at each upper edge ``(B, K)``: the running product of 1 - h."""
    return torch.sigmoid(-logits).cumprod(dim=1)
