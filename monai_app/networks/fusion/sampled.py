"""Early fusion with Monte Carlo dropout: pooled features and presence bits, then :class:`SampledHeads`.

With one modality there is nothing to fuse, and this is its classifier.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import pooled_features
from monai_app.networks.output import FusionOutput
from monai_app.networks.sampled_heads import SampledHeads


class SampledFusion(SampledHeads):
    """Pooled features and presence bits, concatenated; a layer between two dropouts; the heads.

    Args:
        width: features of a token.
        hidden: features of the layer.
        dropout: rate on either side of it.
        samples: masks in evaluation.
    """

    def __init__(
        self, spec: ModelSpec, *, width: int = 128, hidden: int = 128, dropout: float = 0.3, samples: int = 20
    ) -> None:
        joined = len(spec.modalities.names) * (width + 1)
        super().__init__(spec.tasks, joined, hidden=hidden, dropout=dropout, samples=samples)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch; ``extras`` as :meth:`SampledHeads.decide`."""
        return self.decide(torch.cat([pooled_features(tokens, present).flatten(1), present.float()], dim=1))
