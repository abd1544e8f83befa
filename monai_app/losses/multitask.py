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
from monai_app.losses.branches import Branches, ranking_loss
from monai_app.losses.survival import survival_loss

LOG_VARIANCE_LIMIT = 4.0


class _Output(Protocol):
    """What a fusion system returns, as far as the loss reads it."""

    logits: dict[str, Tensor]
    modality_logits: dict[str, dict[str, Tensor]]
    auxiliary: dict[str, Tensor]

    @property
    def branches(self) -> Branches | None:
        """Branches with logits of their own."""
        ...


class MultitaskLoss(nn.Module):
    """Sum of the task losses, each a mean over its labelled entries, and of the terms that a fusion system adds.

    Args:
        tasks: the tasks, in order.
        weighting: ``fixed`` uses ``task_weights``; ``uncertainty`` learns them.
        task_weights: weight per task name; 1 where not given.
        balance: exponent b of the weight (negatives / positives)^b of positive labels: 0 leaves calibration alone,
            1 balances fully. Needs :meth:`set_statistics`.
        modality_weight: weight of the mean loss of the per-modality heads, where the fusion system has them.
        branch_weight: weight of the summed losses of the branches, where the fusion system has them.
        ranking_weight: weight of the ranking of the branches by their loss, where outputs attend to branches.
        fused_weight: weight of the loss of the system's own output, where there are branches to learn from.
        auxiliary_weights: weight of each term that the fusion system returns; terms not named are not counted.
    """

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        *,
        weighting: Literal["fixed", "uncertainty"] = "fixed",
        task_weights: Mapping[str, float] | None = None,
        balance: float = 0.0,
        modality_weight: float = 0.0,
        branch_weight: float = 0.0,
        ranking_weight: float = 0.0,
        fused_weight: float = 1.0,
        auxiliary_weights: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        if weighting not in ("fixed", "uncertainty"):
            msg = f"Weighting must be 'fixed' or 'uncertainty', got {weighting!r}"
            raise ValueError(msg)
        self.tasks = tuple(tasks)
        self.task_weights = {task.name: (task_weights or {}).get(task.name, 1.0) for task in self.tasks}
        self.balance, self.modality_weight = balance, modality_weight
        self.branch_weight, self.ranking_weight, self.fused_weight = branch_weight, ranking_weight, fused_weight
        self.auxiliary_weights = dict(auxiliary_weights or {})
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
        loss, known = self.entry_loss(task, logits, label)
        if counted is not None:
            known = known & counted[:, None]
        return (loss * known).sum() / known.sum().clamp_min(1)

    def entry_loss(self, task: TaskSpec, logits: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of every entry ``(B, K'')`` and whether it is labelled; multiclass and survival have one entry."""
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
        return loss, known

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
        branches = output.branches
        total = self._total(output.logits, targets, None)
        if branches is not None:
            total = self.fused_weight * total + self._branch_total(branches, targets)
        if self.modality_weight and output.modality_logits:
            parts = [
                self._total(logits, targets, targets[f"{name}_present"].bool().reshape(-1))
                for name, logits in output.modality_logits.items()
            ]
            total = total + self.modality_weight * torch.stack(parts).mean()
        return total + self._auxiliary_total(output.auxiliary, total)

    def _branch_total(self, branches: Branches, targets: Mapping[str, Tensor]) -> Tensor:
        """Summed losses of the branches, and the ranking of those that outputs attend to."""
        total = torch.zeros((), device=branches.present.device)
        if self.branch_weight:
            for index, logits in enumerate(branches.logits.values()):
                total = total + self.branch_weight * self._total(logits, targets, branches.present[:, index])
        if self.ranking_weight and branches.attention:
            for task in self.tasks:
                label = targets[f"label_{task.name}"]
                parts = [self.entry_loss(task, logits[task.name], label) for logits in branches.logits.values()]
                losses, known = (torch.stack(part, dim=2) for part in zip(*parts, strict=True))
                ranked = ranking_loss(losses, branches.attention[task.name], known & branches.present[:, None])
                total = total + self.ranking_weight * ranked
        return total

    def _auxiliary_total(self, terms: Mapping[str, Tensor], like: Tensor) -> Tensor:
        unknown = self.auxiliary_weights.keys() - terms.keys()
        if terms and unknown:
            msg = f"Auxiliary weights must name terms of the fusion system {sorted(terms)}, got {sorted(unknown)}"
            raise ValueError(msg)
        total = torch.zeros_like(like)
        for name, term in terms.items():
            total = total + self.auxiliary_weights.get(name, 0.0) * term.mean()
        return total
