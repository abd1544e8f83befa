"""One loss for several tasks at once, with fixed weights or with Kendall's uncertainty weighting.

Uncertainty weighting (Kendall, Gal, Cipolla 2018; arXiv 2405.15442): L = sum_k exp(-s_k) L_k + s_k / 2, regression
exp(-s_k) / 2 L_k + s_k / 2, with s_k a learned log-variance, clamped to [-4, 4]. It is homoscedastic *task weighting*:
it says nothing about the uncertainty of a sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.losses.survival import survival_loss

LOG_VARIANCE_LIMIT = 4.0


class _Output(Protocol):
    """What a fusion system returns, as far as the loss reads it."""

    logits: dict[str, Tensor]
    modality_logits: dict[str, dict[str, Tensor]]


class MultitaskLoss(nn.Module):
    """Sum of the task losses, each a mean over its labelled entries.

    Args:
        tasks: the tasks, in order.
        weighting: ``fixed`` uses ``task_weights``; ``uncertainty`` learns them.
        task_weights: weight per task name; 1 where not given.
        balance: exponent b of the weight (negatives / positives)^b of positive labels: 0 leaves calibration alone,
            1 balances fully. Needs :meth:`set_statistics`.
        modality_weight: weight of the mean loss of the per-modality heads, where the fusion system has them.
    """

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        *,
        weighting: Literal["fixed", "uncertainty"] = "fixed",
        task_weights: Mapping[str, float] | None = None,
        balance: float = 0.0,
        modality_weight: float = 0.0,
    ) -> None:
        super().__init__()
        if weighting not in ("fixed", "uncertainty"):
            msg = f"Weighting must be 'fixed' or 'uncertainty', got {weighting!r}"
            raise ValueError(msg)
        self.tasks = tuple(tasks)
        self.task_weights = {task.name: (task_weights or {}).get(task.name, 1.0) for task in self.tasks}
        self.balance, self.modality_weight = balance, modality_weight
        self.log_variances = nn.Parameter(torch.zeros(len(self.tasks))) if weighting == "uncertainty" else None
        for task in self.tasks:
            self.register_buffer(f"scale_{task.name}", torch.ones(task.outputs))
            self.register_buffer(f"edges_{task.name}", torch.tensor(task.bin_edges, dtype=torch.float32))

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Take the train target's standard deviation (regression) or prevalence (for ``balance``)."""
        for task in self.tasks:
            scale = self.get_buffer(f"scale_{task.name}")
            if task.kind is TaskKind.REGRESSION:
                scale.fill_(max(float(np.asarray(statistics[f"target_std_{task.name}"]).reshape(-1)[0]), 1e-6))
            elif task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL) and self.balance:
                rate = torch.as_tensor(np.asarray(statistics[f"target_mean_{task.name}"]), dtype=torch.float32)
                rate = rate.reshape(-1).clamp(1e-3, 1 - 1e-3)
                scale.copy_(((1 - rate) / rate) ** self.balance)

    def task_loss(self, task: TaskSpec, logits: Tensor, label: Tensor, counted: Tensor | None = None) -> Tensor:
        """Mean loss of one task over its labelled entries; zero (with a gradient path) where nothing is labelled.

        Args:
            logits: ``(B, K)``.
            label: ``(B, K')`` with NaN where unlabelled.
            counted: ``(B,)`` rows to count; None counts all.
        """
        known = torch.isfinite(label)
        label = torch.nan_to_num(label)
        scale = self.get_buffer(f"scale_{task.name}")
        if task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL):
            loss = functional.binary_cross_entropy_with_logits(logits, label, pos_weight=scale, reduction="none")
        elif task.kind is TaskKind.MULTICLASS:
            loss = functional.cross_entropy(logits, label[:, 0].long(), reduction="none")[:, None]
        elif task.kind is TaskKind.REGRESSION:
            loss = ((logits - label) / scale) ** 2
        else:
            known = known.all(dim=1, keepdim=True)
            loss = survival_loss(logits, label, self.get_buffer(f"edges_{task.name}"))[:, None]
        if counted is not None:
            known = known & counted[:, None]
        return (loss * known).sum() / known.sum().clamp_min(1)

    def _total(self, logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], counted: Tensor | None) -> Tensor:
        total = torch.zeros((), device=next(iter(logits.values())).device)
        for index, task in enumerate(self.tasks):
            loss = self.task_loss(task, logits[task.name], targets[f"label_{task.name}"], counted)
            if self.log_variances is None:
                total = total + self.task_weights[task.name] * loss
                continue
            s = self.log_variances[index].clamp(-LOG_VARIANCE_LIMIT, LOG_VARIANCE_LIMIT)
            precision = torch.exp(-s) * (0.5 if task.kind is TaskKind.REGRESSION else 1.0)
            total = total + precision * loss + s / 2
        return total

    def forward(self, output: _Output, targets: Mapping[str, Tensor]) -> Tensor:
        """The scalar loss of a batch.

        Args:
            targets: ``label_<task> (B, K')`` and, for per-modality heads, ``<m>_present (B,)``.
        """
        total = self._total(output.logits, targets, None)
        if self.modality_weight and output.modality_logits:
            parts = [
                self._total(logits, targets, targets[f"{name}_present"].bool().reshape(-1))
                for name, logits in output.modality_logits.items()
            ]
            total = total + self.modality_weight * torch.stack(parts).mean()
        return total
