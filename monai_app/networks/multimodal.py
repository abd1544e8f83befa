"""The network of every fusion system: an encoder a modality, then the fusion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.networks.output import FusionOutput
from monai_app.networks.statistics import spread_statistics


class Encoder(Protocol):
    """What an encoder shows: K tokens of width d."""

    tokens: int
    width: int

    def __call__(self, x: Tensor) -> Tensor:
        """Tokens ``(B, K, d)`` of a batch."""
        ...


class MultimodalNetwork(nn.Module):
    """Encoders and fusion behind one interface.

    Each encoder sees only the rows in which its modality is present, so that the bytes of an absent modality can
    reach nothing: neither that sample nor, through batch normalisation, another one.

    Args:
        spec: modalities (their order is the order of every ``(B, M)`` array) and tasks.
        encoders: per modality a module ``x -> tokens (B, K_m, d)`` with attributes ``tokens`` (K_m) and ``width`` (d).
        fusion: ``(tokens, present) -> FusionOutput``.
    """

    def __init__(self, spec: ModelSpec, encoders: Mapping[str, nn.Module], fusion: nn.Module) -> None:
        super().__init__()
        self.modalities = tuple(modality.value for modality in spec.modalities.names)
        self.encoders = nn.ModuleDict({name: encoders[name] for name in self.modalities})
        self.fusion = fusion

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Fit the normalisation inside encoders and heads (see ``cohort.normalisation.fit_statistics``)."""
        spread_statistics(self, statistics)

    def presence(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The presence bits ``(B, M)``.

        Raises:
            InputRejected: ``ALL_MODALITIES_MISSING`` when a sample has none.
        """
        present = torch.stack([inputs[f"{name}_present"].bool().reshape(-1) for name in self.modalities], dim=1)
        empty = int((~present.any(dim=1)).sum())
        if empty:
            raise InputRejected(
                "ALL_MODALITIES_MISSING",
                "samples have none of the model's modalities",
                got=f"{empty} such samples",
                expected="at least one modality each",
                remedy="Leave these samples out; no prediction is made from nothing.",
            )
        return present

    def encode(self, inputs: Mapping[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        """Tokens ``(B, K_m, d)`` per modality; zero where it is absent."""
        tokens = {}
        for index, name in enumerate(self.modalities):
            encoder, here = cast(Encoder, self.encoders[name]), present[:, index]
            if bool(here.all()):
                tokens[name] = encoder(inputs[name]).float()
                continue
            full = torch.zeros(len(here), encoder.tokens, encoder.width, device=here.device)
            if bool(here.any()):
                full = full.index_copy(0, here.nonzero()[:, 0], encoder(inputs[name][here]).float())
            tokens[name] = full
        return tokens

    def forward(self, inputs: Mapping[str, Tensor]) -> FusionOutput:
        """Predict from a batch: ``film (B, 1, H, W)``, ``series (B, 3, T, C)``, ``table (B, 2, F)``, ``note (B, L)``.

        Raises:
            InputRejected: ``ALL_MODALITIES_MISSING``.
        """
        present = self.presence(inputs)
        output: FusionOutput = self.fusion(self.encode(inputs, present), present)
        return output
