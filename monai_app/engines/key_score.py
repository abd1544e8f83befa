"""The one number that validation compares: mean concordance over tasks, or minus the loss.

Concordance is the probability that of two samples that differ in truth the model orders them rightly: AUROC for
classes, Harrell's c for survival, (1 + Kendall's tau) / 2 for values. It lies in [0, 1] for every kind of task, so
that a mean over tasks makes sense.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from ignite.metrics import Metric
from numpy.typing import NDArray
from scipy.stats import kendalltau
from torch import Tensor

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import AppError, InputRejected
from monai_app.losses.outputs import scores
from monai_app.metrics.classification import auroc
from monai_app.metrics.survival import concordance_index, risk_score
from monai_app.networks import FusionOutput

Floats = NDArray[np.float64]


class Measure(StrEnum):
    """What the key score is."""

    CONCORDANCE = "concordance"
    LIKELIHOOD = "likelihood"


def class_concordance(label: Floats, score: Floats) -> float | None:
    """Mean AUROC over the columns (N, K) that have both classes; None where there is no such column."""
    values = []
    for k in range(label.shape[1]):
        known = np.isfinite(label[:, k])
        value = auroc(label[known, k], score[known, k])
        if value is not None:
            values.append(value)
    return float(np.mean(values)) if values else None


def task_concordance(task: TaskSpec, label: Floats, score: Floats) -> float | None:
    """Concordance of one task's scores (N, K) with its labels (N, K'); None where it is undefined."""
    if task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL):
        return class_concordance(label, score)
    known = np.isfinite(label).all(axis=1)
    label, score = label[known], score[known]
    if task.kind is TaskKind.MULTICLASS:
        return class_concordance((label == np.arange(task.outputs)).astype(np.float64), score)
    if task.kind is TaskKind.SURVIVAL:
        risk = risk_score(score, np.asarray(task.bin_edges))
        return concordance_index(label[:, 0], label[:, 1] > 0, risk)
    if len(label) < 2 or not np.ptp(label[:, 0]):
        return None
    tau = kendalltau(label[:, 0], score[:, 0]).statistic if np.ptp(score[:, 0]) else 0.0
    return float(1 + tau) / 2


class KeyScore(Metric):
    """Ignite metric over a validation epoch; higher is better.

    Args:
        tasks: the tasks.
        measure: ``concordance`` or ``likelihood`` (minus ``loss`` over the whole split at once).
        loss: ``(output, targets) -> scalar``, for ``likelihood``.
    """

    def __init__(
        self, tasks: Sequence[TaskSpec], measure: str = "concordance", loss: Callable[..., Tensor] | None = None
    ) -> None:
        self.tasks, self.measure, self.loss = tuple(tasks), Measure(measure), loss
        if self.measure is Measure.LIKELIHOOD and loss is None:
            msg = "The likelihood as key score needs the loss, got None"
            raise ValueError(msg)
        super().__init__(output_transform=_prediction_and_label)

    def reset(self) -> None:
        """Forget the last epoch."""
        self._outputs: list[dict[str, Tensor]] = []
        self._targets: list[dict[str, Tensor]] = []

    def update(self, output: tuple[FusionOutput, Mapping[str, Tensor]]) -> None:
        """Take a batch's prediction and targets."""
        prediction, targets = output
        self._outputs.append({name: value.detach() for name, value in prediction.logits.items()})
        self._targets.append(dict(targets))

    def compute(self) -> float:
        """The score of the epoch.

        Raises:
            InputRejected: ``VALIDATION_UNDEFINED`` when no task can be scored.
            AppError: ``SCORE_NOT_FINITE``; a network that gives NaN is never the best one.
        """
        logits = _joined(self._outputs)
        if not all(bool(torch.isfinite(value).all()) for value in logits.values()):
            raise AppError(
                "SCORE_NOT_FINITE",
                "the network gave NaN or infinity on the tuning split",
                expected="finite numbers",
                remedy="The best weights so far are kept. Lower the learning rate.",
            )
        targets = _joined(self._targets)
        if self.measure is Measure.LIKELIHOOD:
            assert self.loss is not None
            with torch.no_grad():
                return -float(self.loss(FusionOutput(logits), targets))
        values = []
        for task in self.tasks:
            label = targets[f"label_{task.name}"].double().cpu().numpy()
            values.append(task_concordance(task, label, scores(task, logits[task.name]).double().cpu().numpy()))
        known = [value for value in values if value is not None]
        if not known:
            raise InputRejected(
                "VALIDATION_UNDEFINED",
                "the tuning split cannot rank models",
                got="no task with two different outcomes",
                expected="both outcomes of at least one task among the tuning samples",
                remedy="Enlarge the tuning split, or set key_measure to likelihood.",
            )
        return float(np.mean(known))


def _prediction_and_label(output: Mapping[str, Any]) -> tuple[FusionOutput, Mapping[str, Tensor]]:
    return output["pred"], output["label"]


def _joined(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
