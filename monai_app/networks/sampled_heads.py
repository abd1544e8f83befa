"""Heads with Monte Carlo dropout: one prediction a mask, their mean, and how far they lie apart.

Gal and Ghahramani, Dropout as a Bayesian Approximation, ICML 2016. What lies before runs once a sample; only the layer
before the heads is resampled (:class:`monai_app.networks.mc_dropout.SampledTail`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.networks.heads import TaskHeads
from monai_app.networks.mc_dropout import SampledTail
from monai_app.networks.output import SPREAD, FusionOutput
from monai_app.networks.uncertainty import uncertainty

_SMALLEST = 1e-6


class SampledHeads(nn.Module):
    """Features ``(B, F)`` -> a layer between two dropouts -> a head a task.

    Args:
        features: F.
        hidden: features of the layer.
        dropout: rate on either side of it.
        samples: T, masks in evaluation, the same for every patient; training draws one a sample.
    """

    def __init__(
        self, tasks: Sequence[TaskSpec], features: int, *, hidden: int = 128, dropout: float = 0.3, samples: int = 20
    ) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.tail = SampledTail(features, hidden, "sampled heads", samples=samples, training_samples=1, rate=dropout)
        self.heads = TaskHeads(self.tasks, hidden)

    def decide(self, features: Tensor) -> FusionOutput:
        """Predict from features ``(B, F)``.

        ``extras``: ``spread_<task> (B, K)``, the standard deviation over the masks of probabilities (of values for
        regression, of hazards for survival); ``total``, ``aleatoric``, ``epistemic`` ``(B,)``, entropies in nats
        averaged over labels.
        """
        passes: dict[str, Tensor] = self.heads(self.tail(features))
        logits = {task.name: _mean_logits(task.kind, passes[task.name]) for task in self.tasks}
        return FusionOutput(logits, extras=self._doubt(passes), passes={} if self.training else passes)

    @torch.no_grad()
    def _doubt(self, passes: Mapping[str, Tensor]) -> dict[str, Tensor]:
        spread = {
            f"{SPREAD}{task.name}": _scores(task.kind, passes[task.name]).std(dim=0, unbiased=False)
            for task in self.tasks
        }
        names = [task.name for task in self.tasks if task.kind is TaskKind.REGRESSION]
        doubt = uncertainty(self.tasks, passes, {name: self.heads.get_buffer(f"std_{name}") for name in names})
        return spread | {key: getattr(doubt, key) for key in ("total", "aleatoric", "epistemic")}


def _scores(kind: TaskKind, logits: Tensor) -> Tensor:
    """What varies over the masks ``(T, B, K)``."""
    if kind is TaskKind.REGRESSION:
        return logits
    return logits.softmax(dim=2) if kind is TaskKind.MULTICLASS else logits.sigmoid()


def _mean_logits(kind: TaskKind, logits: Tensor) -> Tensor:
    """The logit of the mean probability of ``(T, B, K)``; regression takes the mean value, survival the mean hazard."""
    if len(logits) == 1:
        return logits[0]
    mean = _scores(kind, logits).mean(dim=0)
    if kind is TaskKind.REGRESSION:
        return mean
    if kind is TaskKind.MULTICLASS:
        return mean.clamp_min(_SMALLEST).log()
    return mean.clamp(_SMALLEST, 1 - _SMALLEST).logit()
