"""DRIFA-Net (arXiv 2412.01248): gates within each modality's stream, then one gate across the streams, and two heads.

Both kinds of attention give out = x * sigmoid(g_G G + g_L L) * alpha, with G of a global and L of a local branch. The
loss is .5 CE1 + .5 CE2 over the two heads.

The paper has maps of images. Our reading for sets of tokens, where a 1x1 convolution is one linear layer on each token:

- within a stream (MFA): G = sigmoid(D(mean + max over tokens of sigmoid(C x))), L = C2 relu(C1 x), token by token;
- across streams (MIFA): the sum of the least, mean and greatest token of a stream, averaged over the streams present
  (added in the paper; the mean does not depend on how many are missing), goes through a dense sigmoid that all streams
  share; L is the same of locally transformed tokens;
- head 1 reads the streams after MFA, head 2 after MIFA, each as the mean over the modalities present of their mean
  token; the prediction is the mean of their logits; each head is a branch of the loss;
- dropout stands before the heads, so that Monte Carlo samples need what follows it only.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import pooled_features, present_mean, present_tokens
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import Branches, FusionOutput


class DRIFA(nn.Module):
    """Gated streams and two heads, ``within`` and ``across``."""

    def __init__(self, spec: ModelSpec, *, width: int = 128, dropout: float = 0.25) -> None:
        super().__init__()
        self.within = nn.ModuleDict({modality.value: WithinStream(width) for modality in spec.modalities.names})
        self.across = AcrossStreams(width)
        self.dropout = nn.Dropout(dropout)
        self.first, self.second = TaskHeads(spec.tasks, width), TaskHeads(spec.tasks, width)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        streams = {name: self.within[name](value) for name, value in present_tokens(tokens, present).items()}
        first = self.first(self.dropout(_mean(streams, present)))
        second = self.second(self.dropout(_mean(self.across(streams, present), present)))
        everywhere = present.any(dim=1, keepdim=True).expand(-1, 2)
        return FusionOutput(
            {task: (first[task] + second[task]) / 2 for task in first},
            branches=Branches({"within": first, "across": second}, everywhere),
        )


class WithinStream(nn.Module):
    """MFA: the gate of one modality's tokens."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.maps, self.dense = nn.Linear(width, width), nn.Linear(width, width)
        self.local = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.branch_scale, self.alpha = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(1))

    def gate(self, tokens: Tensor) -> Tensor:
        """The gate in (0, 1) of every feature of every token ``(B, K, d)``."""
        maps = self.maps(tokens).sigmoid()
        whole = self.dense(maps.mean(dim=1, keepdim=True) + maps.amax(dim=1, keepdim=True)).sigmoid()
        gate: Tensor = (self.branch_scale[0] * whole + self.branch_scale[1] * self.local(tokens)).sigmoid()
        return gate

    def forward(self, tokens: Tensor) -> Tensor:
        """Gated tokens ``(B, K, d)``."""
        return tokens * self.gate(tokens) * self.alpha


class AcrossStreams(nn.Module):
    """MIFA: one gate of the features for all streams."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.whole, self.part = nn.Linear(width, width), nn.Linear(width, width)
        self.local = nn.Sequential(nn.Linear(width, width), nn.ReLU())
        self.branch_scale, self.alpha = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(1))

    def gate(self, streams: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """The gate in (0, 1) of every feature ``(B, d)``."""
        whole = self.whole(_summary(list(streams.values()), present)).sigmoid()
        part = self.part(_summary([self.local(stream) for stream in streams.values()], present)).sigmoid()
        gate: Tensor = (self.branch_scale[0] * whole + self.branch_scale[1] * part).sigmoid()
        return gate

    def forward(self, streams: Mapping[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        """Gated streams."""
        scale = self.gate(streams, present)[:, None] * self.alpha
        return {name: stream * scale for name, stream in streams.items()}


def _summary(streams: list[Tensor], present: Tensor) -> Tensor:
    """Least, mean and greatest token of each stream added, averaged over the streams present: ``(B, d)``."""
    pooled = torch.stack([x.amin(dim=1) + x.mean(dim=1) + x.amax(dim=1) for x in streams], dim=1)
    return present_mean(pooled, present)


def _mean(streams: Mapping[str, Tensor], present: Tensor) -> Tensor:
    return present_mean(pooled_features(streams, present), present)
