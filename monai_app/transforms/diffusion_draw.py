"""DrawDiffusiond: what a training step of a diffusion draws, a sample by its seed: noise, time, what is not told.

Drawn here and not in the network, a sample's noise depends neither on its batch nor on the device, and validation sees
the same noise in every epoch.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from monai.transforms import Randomizable, Transform

LATENT, NOISE, TIME, DROPPED, TOLD, BLIND = (
    "image_latent", "image_noise", "image_time", "image_dropped", "image_told", "image_blind",
)  # fmt: skip
_LEAST_TIME = 1e-3


class DrawDiffusiond(Randomizable, Transform):
    """Add the draws of a training step to a sample.

    Adds ``image_noise`` of the latent's shape, ``image_time`` in (0, 1), ``image_dropped`` (nothing is told),
    ``image_told`` (K,) (which label columns are told) and, for the contrast, ``image_blind`` of ``blind_shape``.

    Args:
        latent_shape: channels and cells.
        columns: K label columns.
        condition_dropout: probability that a sample is told nothing, for guidance without a classifier.
        label_dropout: probability that none of its labels is told, so that images can be drawn from the EHR alone.
        field_dropout: probability of each further column not to be told, so that some labels can be given alone.
        times: ``uniform``, or ``logit_normal`` with more times in the middle (Esser et al., ICML 2024).
        blind_shape: tokens and width of the EHR's tokens; None draws no noise for them.
    """

    def __init__(
        self,
        latent_shape: Sequence[int],
        columns: int,
        *,
        condition_dropout: float = 0.1,
        label_dropout: float = 0.3,
        field_dropout: float = 0.1,
        times: Literal["uniform", "logit_normal"] = "uniform",
        blind_shape: Sequence[int] | None = None,
    ) -> None:
        self.latent_shape, self.columns, self.times = tuple(latent_shape), max(columns, 1), times
        self.condition_dropout, self.label_dropout = condition_dropout, label_dropout
        self.field_dropout = field_dropout
        self.blind_shape = None if blind_shape is None else tuple(blind_shape)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with its draws."""
        sample = dict(data)
        uniform = self.R.random_sample(2 + self.columns)
        sample[TIME] = torch.tensor(self._time(), dtype=torch.float32)
        sample[DROPPED] = torch.tensor(bool(uniform[0] < self.condition_dropout))
        told = (uniform[2:] >= self.field_dropout) & (uniform[1] >= self.label_dropout)
        sample[TOLD] = torch.from_numpy(told)
        sample[NOISE] = self._normal(self.latent_shape)
        if self.blind_shape is not None:
            sample[BLIND] = self._normal(self.blind_shape)
        return sample

    def _time(self) -> float:
        drawn = self.R.random_sample() if self.times == "uniform" else 1.0 / (1.0 + np.exp(-self.R.standard_normal()))
        return float(np.clip(drawn, _LEAST_TIME, 1.0 - _LEAST_TIME))

    def _normal(self, shape: tuple[int, ...]) -> torch.Tensor:
        return torch.from_numpy(self.R.standard_normal(shape).astype(np.float32))
