"""ShaSpec: features that modalities share and features of each alone; a missing modality gets the mean of the shared.

One shared encoder reads every modality, one specific encoder each its own. The shared features of a sample should agree
(``alignment``); of the specific ones a classifier should tell their modality (``domain``).

Our reading: the encoders of the product are stems, and these encoders are perceptrons on the mean token; a present
modality's feature is r + P[r, s], with r shared and s specific, a missing one's is the mean of the shared features
present; the features of all modalities, in the order of the spec, go to the heads; alignment is the mean absolute
difference over the pairs present, domain the mean cross-entropy over the modalities present.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import pooled_features, present_mean, present_tokens
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import FusionOutput


class ShaSpec(nn.Module):
    """Shared and specific features.

    Auxiliary terms: ``alignment``, zero where fewer than two modalities are present; ``domain``.
    """

    def __init__(self, spec: ModelSpec, *, width: int = 128, dropout: float = 0.3) -> None:
        super().__init__()
        self.modalities = tuple(modality.value for modality in spec.modalities.names)

        def encoder() -> nn.Sequential:
            return nn.Sequential(
                nn.Linear(width, width), nn.LayerNorm(width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width)
            )

        self.shared = encoder()
        self.specific = nn.ModuleDict({name: encoder() for name in self.modalities})
        self.project = nn.Linear(2 * width, width)
        self.domain = nn.Linear(width, len(self.modalities))
        self.dropout = nn.Dropout(dropout)
        self.heads = TaskHeads(spec.tasks, len(self.modalities) * width)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        order = [list(tokens).index(name) for name in self.modalities]
        pooled = pooled_features(present_tokens(tokens, present), present)[:, order]
        present = present[:, order]
        shared = self.shared(pooled)
        specific = torch.stack([self.specific[name](pooled[:, i]) for i, name in enumerate(self.modalities)], dim=1)
        complete = complete_shared(shared, present)
        own = complete + self.project(torch.cat([complete, specific], dim=2))
        features = torch.where(present[..., None], own, complete.to(own.dtype))
        told = log_softmax(self.domain(specific).float(), dim=2).diagonal(dim1=1, dim2=2)
        return FusionOutput(
            self.heads(self.dropout(features.flatten(1))),
            auxiliary={"alignment": misalignment(shared.float(), present), "domain": -present_mean(told, present)},
        )


def complete_shared(shared: Tensor, present: Tensor) -> Tensor:
    """Shared features ``(B, M, d)``, those of a missing modality the mean of those present."""
    return torch.where(present[..., None], shared, present_mean(shared, present)[:, None].to(shared.dtype))


def misalignment(shared: Tensor, present: Tensor) -> Tensor:
    """Mean absolute difference of shared features over the pairs present ``(B,)``; zero where there is no pair."""
    first, second = torch.triu_indices(shared.shape[1], shared.shape[1], offset=1, device=shared.device)
    pairs = present[:, first] & present[:, second]
    difference = (shared[:, first] - shared[:, second]).abs().mean(dim=2)
    return (difference * pairs).sum(dim=1) / pairs.sum(dim=1).clamp_min(1)
