"""Flex-MoE: a learned bank stands in for what a combination of modalities lacks; sparse experts read the result.

The entry of the bank depends on which modalities are present and on which one is missing. A router gives each of the M
features its ``top_k`` experts, whose gates sum to one.

Our reading: a modality's feature is its mean token, named by a learned vector; ``depth`` pre-norm transformer layers,
whose feed-forward part is the experts, see all M features, from the bank or not; their mean goes to the heads; there is
no noise in the router. ``balance`` is E sum_e f_e P_e, with f_e the share of the batch's choices that fell on expert e
and P_e the sample's mean routing probability: 1 when all experts are used alike. It is the only place where samples of
a batch meet, and it reaches the loss alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import pooled_features, present_tokens
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import FusionOutput


class FlexMoE(nn.Module):
    """Bank of missing combinations and a sparse mixture of experts. Auxiliary term: ``balance``, the mean over layers.

    Args:
        experts: perceptrons a layer.
        top_k: experts that read a feature.
        depth: layers.
        heads: attention heads a layer.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        width: int = 128,
        experts: int = 8,
        top_k: int = 2,
        depth: int = 1,
        heads: int = 4,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        if not 0 < top_k <= experts:
            msg = f"top_k must be in [1, {experts}] (the number of experts), got {top_k}"
            raise ValueError(msg)
        self.modalities = tuple(modality.value for modality in spec.modalities.names)
        count = len(self.modalities)
        self.bank = nn.Parameter(nn.init.normal_(torch.empty(2**count, count, width), std=0.02))
        self.names = nn.Parameter(nn.init.normal_(torch.empty(count, width), std=0.02))
        self.layers = nn.ModuleList(_Layer(width, experts, top_k, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.heads = TaskHeads(spec.tasks, width)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        order = [list(tokens).index(name) for name in self.modalities]
        pooled = pooled_features(present_tokens(tokens, present), present)[:, order]
        present = present[:, order]
        states = torch.where(present[..., None], pooled, self.bank[combination(present)]) + self.names
        balances = []
        for layer in self.layers:
            states, balance = layer(states)
            balances.append(balance)
        features = self.norm(states.mean(dim=1))
        return FusionOutput(self.heads(features), auxiliary={"balance": torch.stack(balances).mean(dim=0)})


def combination(present: Tensor) -> Tensor:
    """The number of each sample's combination of modalities ``(B,)``: the bits of ``present (B, M)``, lowest first."""
    return (present.long() << torch.arange(present.shape[1], device=present.device)).sum(dim=1)


def top_k_gates(scores: Tensor, top_k: int) -> Tensor:
    """Softmax over the ``top_k`` highest of ``scores (..., E)``; all others are exactly zero."""
    highest, chosen = scores.topk(top_k, dim=-1)
    return torch.zeros_like(scores).scatter(-1, chosen, highest.softmax(dim=-1).to(scores.dtype))


class _Layer(nn.Module):
    def __init__(self, width: int, experts: int, top_k: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.top_k = top_k
        self.attention_norm, self.expert_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.router = nn.Linear(width, experts)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width))
            for _ in range(experts)
        )

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """States ``(B, M, d)`` and the balance ``(B,)``."""
        normed = self.attention_norm(states)
        states = states + self.attention(normed, normed, normed, need_weights=False)[0]
        normed = self.expert_norm(states)
        scores = self.router(normed).float()
        gates = top_k_gates(scores, self.top_k)
        # M features a sample are few: all experts are computed, and zero gates keep the mixture sparse.
        read = torch.stack([expert(normed) for expert in self.experts], dim=3)
        states = states + (read * gates[:, :, None]).sum(dim=3)
        share = (gates > 0).float().mean(dim=(0, 1)) / self.top_k
        balance = gates.shape[2] * (scores.softmax(dim=2).mean(dim=1) * share).sum(dim=1)
        return states, balance
