"""The condition of a drawn image: tokens of the EHR's encoders and of labels, learned null tokens where there is none.

An absent modality, an unknown label and a forgotten condition all stand as what was learned for "not told", so that a
sample with nothing told is drawn unconditionally. Encoders run on present rows only: the bytes of an absent modality
reach nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.cohort.condition_columns import condition_columns, condition_tasks
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.networks.multimodal import Encoder
from monai_app.networks.statistics import spread_statistics

_UNKNOWN, _STATES = 0, 3
"""States of a label column: unknown, no, yes."""


class ConditionEncoder(nn.Module):
    """Inputs of a batch -> tokens ``(B, K, width)``.

    Args:
        tasks: whose labels can be told.
        encoders: by modality, without that of the film; each as :class:`monai_app.networks.multimodal.Encoder`.
        width: of every token.
    """

    def __init__(self, tasks: tuple[TaskSpec, ...], encoders: Mapping[str, nn.Module], *, width: int = 128) -> None:
        super().__init__()
        self.tasks, self.columns, self.width = condition_tasks(tasks), condition_columns(tasks), width
        self.encoders = nn.ModuleDict(dict(encoders))
        self.norms = nn.ModuleDict({name: nn.LayerNorm(width) for name in encoders})
        counts = {name: cast(Encoder, encoder).tokens for name, encoder in encoders.items()}
        self.null = nn.ParameterDict(
            {name: nn.Parameter(torch.full((count, width), 0.02)) for name, count in counts.items()}
        )
        self.labels = nn.Embedding(_STATES * max(len(self.columns), 1), width)
        self.place = nn.Parameter(torch.zeros(self.tokens, width))
        self.frozen = False

    @property
    def ehr_tokens(self) -> int:
        """How many tokens the modalities give; they come first."""
        return sum(cast(Encoder, encoder).tokens for encoder in self.encoders.values())

    @property
    def tokens(self) -> int:
        """K, at least 1: a model that can be told nothing still has a token that says so."""
        return self.ehr_tokens + max(len(self.columns), 1)

    def freeze(self) -> None:
        """Keep the encoders of the modalities as they are: neither gradients nor dropout reach them."""
        self.frozen = True
        self.encoders.requires_grad_(requires_grad=False).eval()

    def train(self, mode: bool = True) -> ConditionEncoder:
        """Switch the mode; frozen encoders stay in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.encoders.eval()
        return self

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Fit the normalisation inside the encoders."""
        spread_statistics(self, statistics)

    def forward(self, inputs: Mapping[str, Tensor], dropped: Tensor | None = None) -> Tensor:
        """Tokens ``(B, K, width)`` of a batch.

        Args:
            inputs: ``<modality>``, ``<modality>_present`` and ``label_<task>`` as batches have them; what is not there
                is not told.
            dropped: samples ``(B,)`` that are told nothing.
        """
        size = len(next(iter(inputs.values())))
        kept = torch.ones(size, dtype=torch.bool, device=self.place.device)
        if dropped is not None:
            kept = ~dropped.bool()
        parts = [self._modality(name, inputs, kept) for name in self.encoders]
        offsets = _STATES * torch.arange(max(len(self.columns), 1), device=kept.device)
        states = self.states(inputs, size).masked_fill(~kept[:, None], _UNKNOWN)
        return torch.cat([*parts, self.labels(states + offsets)], dim=1) + self.place

    def null_tokens(self, size: int) -> Tensor:
        """Tokens ``(size, K, width)`` of samples that are told nothing."""
        nothing = torch.ones(size, dtype=torch.bool, device=self.place.device)
        return self({"image_dropped": nothing}, nothing)

    def states(self, inputs: Mapping[str, Tensor], size: int) -> Tensor:
        """State of each label column ``(B, K)``: 0 unknown, 1 no, 2 yes; ``image_told`` hides columns where it is 0."""
        columns = [self._columns(task, inputs, size) for task in self.tasks]
        if not columns:
            return torch.zeros(size, 1, dtype=torch.int64, device=self.place.device)
        values = torch.cat(columns, dim=1)
        states = torch.where(values.isnan(), 0.0, 1.0 + (values > 0.5)).long()
        return states * inputs["image_told"].long() if "image_told" in inputs else states

    def _columns(self, task: TaskSpec, inputs: Mapping[str, Tensor], size: int) -> Tensor:
        label = inputs.get(f"label_{task.name}")
        if label is None:
            return torch.full((size, task.outputs), torch.nan, device=self.place.device)
        return label_columns(task, label)

    def _modality(self, name: str, inputs: Mapping[str, Tensor], kept: Tensor) -> Tensor:
        encoder = cast(Encoder, self.encoders[name])
        tokens = self.null[name].expand(len(kept), -1, -1).float()
        if f"{name}_present" not in inputs:
            return tokens
        here = inputs[f"{name}_present"].bool().reshape(-1) & kept
        if not bool(here.any()):
            return tokens
        seen = self.norms[name](encoder(inputs[name][here]).float())
        return tokens.index_copy(0, here.nonzero()[:, 0], seen.float())


def label_columns(task: TaskSpec, label: Tensor) -> Tensor:
    """Labels as batches have them -> columns ``(B, K)`` of 0, 1 and NaN for unknown."""
    if task.kind is not TaskKind.MULTICLASS:
        return label
    classes = torch.arange(len(task.classes), device=label.device)
    return torch.where(label.isnan(), torch.nan, (label == classes).to(label.dtype))
