"""How much T stochastic passes disagree: variance of the probabilities, and the split of the predictive entropy.

Total = H[mean_t p_t], aleatoric = mean_t H[p_t], epistemic = total - aleatoric >= 0 (Depeweg et al., ICML 2018). The
variance is a measure of the epistemic part alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from monai_app.cohort.spec import TaskKind, TaskSpec


@dataclass(frozen=True)
class Uncertainty:
    """Of each sample ``(B,)``, averaged over labels.

    Attributes:
        variance: of the probabilities (in [0, .25]) or logits over the passes; of regression values in train variances.
        total: entropy of the mean probability, in nats.
        aleatoric: mean entropy of the passes.
        epistemic: their difference.
    """

    variance: Tensor
    total: Tensor
    aleatoric: Tensor
    epistemic: Tensor


def uncertainty(
    tasks: Sequence[TaskSpec],
    logits: Mapping[str, Tensor],
    scale: Mapping[str, Tensor],
    *,
    of: Literal["probability", "logit"] = "probability",
) -> Uncertainty:
    """The uncertainty of samples ``{task: (T, B, K)}``.

    Regression has no probabilities: it counts in the variance and not in the entropies, which are zero where there is
    no other task.

    Args:
        scale: per regression task the standard deviation of the train target.
        of: what the variance is of.
    """
    variances, totals, aleatorics = [], [], []
    for task in tasks:
        values = logits[task.name]
        if task.kind is TaskKind.REGRESSION:
            variances.append((values / scale[task.name]).var(dim=0, unbiased=False))
            continue
        probability = values.softmax(dim=2) if task.kind is TaskKind.MULTICLASS else values.sigmoid()
        variances.append((values if of == "logit" else probability).var(dim=0, unbiased=False))
        entropy = _categorical if task.kind is TaskKind.MULTICLASS else _binary
        totals.append(entropy(probability.mean(dim=0)))
        aleatorics.append(entropy(probability).mean(dim=0))
    variance = torch.cat(variances, dim=1).mean(dim=1)
    if not totals:
        zero = torch.zeros_like(variance)
        return Uncertainty(variance, zero, zero, zero)
    total, aleatoric = torch.cat(totals, dim=1).mean(dim=1), torch.cat(aleatorics, dim=1).mean(dim=1)
    return Uncertainty(variance, total, aleatoric, (total - aleatoric).clamp_min(0.0))


def _binary(probability: Tensor) -> Tensor:
    return -(torch.special.xlogy(probability, probability) + torch.special.xlogy(1 - probability, 1 - probability))


def _categorical(probability: Tensor) -> Tensor:
    return -torch.special.xlogy(probability, probability).sum(dim=-1, keepdim=True)
