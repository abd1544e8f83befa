"""Late fusion: a head a modality, the mean of their probabilities over those present; optionally calibrated."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.networks.heads import TaskHeads
from monai_app.networks.mixture import mixture_logits
from monai_app.networks.output import FusionOutput


class LateFusion(nn.Module):
    """Mean of per-modality probabilities over the present modalities.

    With ``log_temperature`` and ``score`` at zero this is the plain mean; the calibrated fallback fits them, per
    modality, on validation (``monai_app.engines.calibration.fit_late_fusion``).
    """

    log_temperature: Tensor
    score: Tensor

    def __init__(self, spec: ModelSpec, *, width: int = 128) -> None:
        super().__init__()
        self.modalities = tuple(modality.value for modality in spec.modalities.names)
        self.kinds = {task.name: task.kind for task in spec.tasks}
        self.heads = nn.ModuleDict({name: TaskHeads(spec.tasks, width) for name in self.modalities})
        self.register_buffer("log_temperature", torch.zeros(len(self.modalities)))
        self.register_buffer("score", torch.zeros(len(self.modalities)))

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        modality_logits = {name: self.heads[name](tokens[name].mean(dim=1)) for name in self.modalities}
        return self.combine(modality_logits, present, self.log_temperature, self.score)

    def combine(
        self, modality_logits: dict[str, dict[str, Tensor]], present: Tensor, log_temperature: Tensor, score: Tensor
    ) -> FusionOutput:
        """Weighted mean of the tempered probabilities, back as logits.

        Args:
            modality_logits: per modality and task ``(B, K)``.
            log_temperature: ``(M,)``; logits are divided by its exponential.
            score: ``(M,)``; weights are its softmax over the modalities present in the sample.
        """
        weights = score.expand(present.shape).masked_fill(~present, -torch.inf).softmax(dim=1)
        logits = {}
        for task, kind in self.kinds.items():
            stack = torch.stack([modality_logits[name][task] for name in self.modalities], dim=1)
            stack = torch.where(present[..., None], stack, torch.zeros_like(stack))
            tempered = stack if kind is TaskKind.REGRESSION else stack / log_temperature.exp()[:, None]
            logits[task] = mixture_logits(kind, tempered, weights[..., None])
        return FusionOutput(logits, weights=weights, modality_logits=modality_logits)
