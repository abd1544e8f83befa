"""Late fusion: a head a modality, the mean of their probabilities over those present; optionally calibrated."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import FusionOutput

_SMALLEST = 1e-6


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
            logits[task] = _mean_logits(kind, stack, weights[..., None], log_temperature.exp()[:, None])
        return FusionOutput(logits, weights=weights, modality_logits=modality_logits)


def _mean_logits(kind: TaskKind, stack: Tensor, weights: Tensor, temperature: Tensor) -> Tensor:
    """The logit of the weighted mean probability of ``stack (B, M, K)``; regression takes the mean value."""
    if kind is TaskKind.REGRESSION:
        return (weights * stack).sum(dim=1)
    tempered = stack / temperature
    if kind is TaskKind.MULTICLASS:
        return (weights * tempered.softmax(dim=2)).sum(dim=1).clamp_min(_SMALLEST).log()
    return (weights * tempered.sigmoid()).sum(dim=1).clamp(_SMALLEST, 1 - _SMALLEST).logit()
