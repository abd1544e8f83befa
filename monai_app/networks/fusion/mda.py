"""MDA-style fusion, rebuilt from the abstract of arXiv 2406.10569: attention that asks whether modalities agree.

z_m = LN(W_m h_m); s_m = q . tanh(W_k z_m) / sqrt d + mean over present n of cos(z_m, z_n); w = softmax(s) over the
present; H = sum_m w_m W_v z_m. w is read as the importance of a modality.

Our reading throughout: h_m is the mean token; the mean of the cosines includes n = m, which adds the same to every s_m;
noise is added to z, whose features have unit spread; modality dropout is that of the training's preprocessing.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from monai_app.cohort.spec import ModelSpec
from monai_app.core.random import derive_seed
from monai_app.networks.fusion.pooling import pooled_features, present_mean, present_tokens
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import FusionOutput


class MDA(nn.Module):
    """Softmax over learned scores and agreement of the modalities present.

    Args:
        noise: standard deviation of the Gaussian noise on z in training, in standard deviations of a feature.
    """

    def __init__(self, spec: ModelSpec, *, width: int = 128, dropout: float = 0.3, noise: float = 0.1) -> None:
        super().__init__()
        self.width, self.noise = width, noise
        self.project = nn.ModuleDict(
            {m.value: nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width)) for m in spec.modalities.names}
        )
        self.key, self.query = nn.Linear(width, width), nn.Linear(width, 1, bias=False)
        self.value = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.heads = TaskHeads(spec.tasks, width)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        pooled = pooled_features(present_tokens(tokens, present), present)
        features = torch.stack([self.project[name](pooled[:, index]) for index, name in enumerate(tokens)], dim=1)
        if self.training and self.noise:
            features = features + self.noise * _noise(features)
        learned = self.query(self.key(features).tanh())[..., 0].float() / self.width**0.5
        score = learned + agreement(features.float(), present)
        weights = score.masked_fill(~present, -torch.inf).softmax(dim=1)
        fused = (weights[..., None] * self.value(features)).sum(dim=1)
        return FusionOutput(self.heads(self.dropout(fused)), weights=weights)


def agreement(features: Tensor, present: Tensor) -> Tensor:
    """Mean cosine of each modality's features ``(B, M, d)`` with those of the modalities present: ``(B, M)``."""
    directions = normalize(features, dim=2)
    return torch.einsum("bmd,bd->bm", directions, present_mean(directions, present))


def _noise(like: Tensor) -> Tensor:
    """Standard normal numbers, a function of the seed under which this step runs (the trainer's, a step and rank)."""
    seed = derive_seed("MDA noise", torch.initial_seed())
    generator = torch.Generator(device=like.device).manual_seed(seed)
    return torch.randn(like.shape, generator=generator, device=like.device, dtype=like.dtype)
