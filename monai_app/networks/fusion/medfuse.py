"""MedFuse (Hayat, Geras, Shamout; MLHC 2022): an LSTM over the sequence of modality features."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import pooled_features
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import FusionOutput

_ORDER = ("series", "table", "note", "film")
"""The paper has [EHR, film]; tables and notes belong to the EHR (our reading)."""


class MedFuse(nn.Module):
    """LSTM(width -> 512) over [v_ehr, v_film]; an absent modality is skipped, as packing to a shorter sequence does."""

    def __init__(self, spec: ModelSpec, *, width: int = 256, hidden: int = 512, dropout: float = 0.0) -> None:
        super().__init__()
        names = [modality.value for modality in spec.modalities.names]
        self.order = tuple(names.index(name) for name in _ORDER if name in names)
        self.hidden = hidden
        self.cell = nn.LSTMCell(width, hidden)
        self.dropout = nn.Dropout(dropout)
        self.heads = TaskHeads(spec.tasks, hidden)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        features = pooled_features(tokens, present)
        state = features.new_zeros(len(features), self.hidden)
        memory = torch.zeros_like(state)
        for index in self.order:
            new_state, new_memory = self.cell(features[:, index], (state, memory))
            here = present[:, index, None]
            state = torch.where(here, new_state.to(state.dtype), state)
            memory = torch.where(here, new_memory.to(memory.dtype), memory)
        return FusionOutput(self.heads(self.dropout(state)))
