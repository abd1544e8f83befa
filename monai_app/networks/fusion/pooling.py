"""Pooling that absent modalities cannot enter."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def pooled_features(tokens: Mapping[str, Tensor], present: Tensor) -> Tensor:
    """Mean token of each modality ``(B, M, d)``, exactly zero where it is absent."""
    pooled = torch.stack([value.mean(dim=1) for value in tokens.values()], dim=1)
    return torch.where(present[..., None], pooled, torch.zeros_like(pooled))


def token_presence(tokens: Mapping[str, Tensor], present: Tensor) -> Tensor:
    """Presence of every token ``(B, sum K_m)`` in the order of the modalities."""
    return torch.cat(
        [present[:, i : i + 1].expand(-1, value.shape[1]) for i, value in enumerate(tokens.values())], dim=1
    )
