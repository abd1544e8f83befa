"""The classifier of volumes: MONAI's 3D DenseNet up to its last feature map, averaged; then heads with dropout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from monai.networks.nets.densenet import DenseNet
from torch import Tensor, nn

from monai_app.cohort.spec import TaskSpec
from monai_app.networks.output import FusionOutput
from monai_app.networks.sampled_heads import SampledHeads


class VolumeClassifier(SampledHeads):
    """Predicts tasks from volumes ``(B, C, I, J, K)``.

    Args:
        in_channels: C.
        init_features: channels after the stem.
        growth_rate: channels that a layer adds.
        blocks: layers a dense block; the volume halves twice before the first and once between blocks.
            DenseNet-121 has 64 features, a growth of 32 and blocks of 6, 12, 24, 16.
        hidden: features of the layer before the heads.
        dropout: rate on either side of it.
        samples: masks in evaluation.
    """

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        *,
        in_channels: int = 1,
        init_features: int = 64,
        growth_rate: int = 32,
        blocks: Sequence[int] = (6, 12, 24, 16),
        hidden: int = 64,
        dropout: float = 0.3,
        samples: int = 20,
    ) -> None:
        net = DenseNet(
            spatial_dims=3,
            in_channels=in_channels,
            out_channels=1,
            init_features=init_features,
            growth_rate=growth_rate,
            block_config=tuple(blocks),
        )
        channels = cast(nn.Linear, net.get_submodule("class_layers.out")).in_features
        super().__init__(tasks, channels, hidden=hidden, dropout=dropout, samples=samples)
        self.trunk: nn.Module = net.features
        self.feature_map = nn.ReLU()  # a layer of its own, so that attribution finds what is averaged

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Start the heads at the train targets (see ``cohort.normalisation.fit_statistics``)."""
        self.heads.set_statistics(statistics)

    def features(self, image: Tensor) -> Tensor:
        """The averaged last feature map ``(B, F)``."""
        maps = self.feature_map(self.trunk(image)).flatten(2)
        mean: Tensor = maps.mean(dim=2)
        return mean.float()

    def forward(self, image: Tensor) -> FusionOutput:
        """Predict; ``extras`` as :meth:`SampledHeads.decide`."""
        return self.decide(self.features(image))
