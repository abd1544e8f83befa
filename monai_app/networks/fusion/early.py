"""Early fusion: pooled features concatenated, one MLP. The deterministic baseline."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import pooled_features
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import FusionOutput


class EarlyFusion(nn.Module):
    """Concatenation of the pooled features and the presence bits, then an MLP."""

    def __init__(self, spec: ModelSpec, *, width: int = 128, hidden: int = 256, dropout: float = 0.3) -> None:
        super().__init__()
        count = len(spec.modalities.names)
        self.mlp = nn.Sequential(nn.Linear(count * (width + 1), hidden), nn.GELU(), nn.Dropout(dropout))
        self.heads = TaskHeads(spec.tasks, hidden)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        features = torch.cat([pooled_features(tokens, present).flatten(1), present.float()], dim=1)
        return FusionOutput(self.heads(self.mlp(features)))
