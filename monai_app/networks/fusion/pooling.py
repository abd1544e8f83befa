"""Pooling that absent modalities cannot enter."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def pooled_features(tokens: Mapping[str, Tensor], present: Tensor) -> Tensor:
    """Mean token of each modality ``(B, M, d)``, exactly zero where it is absent."""
    pooled = torch.stack([value.mean(dim=1) for value in tokens.values()], dim=1)
    return torch.where(present[..., None], pooled, torch.zeros_like(pooled))


def present_tokens(tokens: Mapping[str, Tensor], present: Tensor) -> dict[str, Tensor]:
    """The tokens ``(B, K_m, d)``, exactly zero where their modality is absent, whatever stood there (NaN too)."""
    return {
        name: torch.where(present[:, i, None, None], value, torch.zeros_like(value))
        for i, (name, value) in enumerate(tokens.items())
    }


def present_mean(values: Tensor, present: Tensor) -> Tensor:
    """Mean of ``values (B, M, ...)`` over the modalities present in each sample ``(B, M)``: ``(B, ...)``."""
    share = present / present.sum(dim=1, keepdim=True).clamp_min(1)
    shape = (*share.shape, *(1,) * (values.ndim - 2))
    return (values.masked_fill(~present.reshape(shape), 0.0) * share.reshape(shape)).sum(dim=1)


def token_presence(tokens: Mapping[str, Tensor], present: Tensor) -> Tensor:
    """Presence of every token ``(B, sum K_m)`` in the order of the modalities."""
    return torch.cat(
        [present[:, i : i + 1].expand(-1, value.shape[1]) for i, value in enumerate(tokens.values())], dim=1
    )
