"""The logits of a mixture: a weighted mean of probabilities, told as the logits that give it."""

from __future__ import annotations

from torch import Tensor

from monai_app.cohort.spec import TaskKind

_SMALLEST = 1e-6


def mixture_logits(kind: TaskKind, stack: Tensor, weights: Tensor) -> Tensor:
    """Logits ``(B, K)`` of the weighted mean of the probabilities that ``stack (B, N, K)`` stands for.

    Regression has no probabilities: the mean of its values.

    Args:
        weights: ``(B, N, 1)``, with a sum of 1 over N.
    """
    if kind is TaskKind.REGRESSION:
        return (weights * stack).sum(dim=1)
    if kind is TaskKind.MULTICLASS:
        return (weights * stack.softmax(dim=2)).sum(dim=1).clamp_min(_SMALLEST).log()
    return (weights * stack.sigmoid()).sum(dim=1).clamp(_SMALLEST, 1 - _SMALLEST).logit()
