"""Attention fusion of "Towards Precision Healthcare" (arXiv 2405.15442): a transformer over modality tokens.

There is no positional embedding: modalities are a set. Absent tokens are masked out of every softmax.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import token_presence
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import FusionOutput


class AttentionFusion(nn.Module):
    """TransformerEncoder over all tokens, pooling, heads.

    Args:
        pool: ``mean`` as in the paper; ``attention`` (ours) learns a query, whose weights are returned per modality.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        width: int = 128,
        depth: int = 2,
        heads: int = 4,
        dropout: float = 0.3,
        pool: Literal["mean", "attention"] = "mean",
    ) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, activation="gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.score = nn.Linear(width, 1) if pool == "attention" else None
        self.heads = TaskHeads(spec.tasks, width)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        there = token_presence(tokens, present)
        states = self.layers(torch.cat(list(tokens.values()), dim=1), src_key_padding_mask=~there)
        scores = there.new_zeros(there.shape, dtype=states.dtype) if self.score is None else self.score(states)[..., 0]
        share = scores.masked_fill(~there, -torch.inf).softmax(dim=1)
        features = (share[..., None] * states.masked_fill(~there[..., None], 0.0)).sum(dim=1)
        weights = None
        if self.score is not None:
            parts = share.split([value.shape[1] for value in tokens.values()], dim=1)
            weights = torch.stack([part.sum(dim=1) for part in parts], dim=1)
        return FusionOutput(self.heads(features), weights=weights)
