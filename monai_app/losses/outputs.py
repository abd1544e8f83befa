"""What a network's logits mean: probabilities, values, survival curves."""

from __future__ import annotations

from torch import Tensor

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.losses.survival import survival_curve


def scores(task: TaskSpec, logits: Tensor) -> Tensor:
    """Turn logits ``(B, K)`` into what is reported ``(B, K)``.

    Binary and multilabel: independent probabilities. Multiclass: probabilities that sum to 1. Regression: values in
    ``task.unit``. Survival: the probability of being event-free at each edge of ``task.bin_edges``.
    """
    if task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL):
        return logits.sigmoid()
    if task.kind is TaskKind.MULTICLASS:
        return logits.softmax(dim=1)
    return survival_curve(logits) if task.kind is TaskKind.SURVIVAL else logits
