"""What is explained: one label of one task, as a single number that evidence for and against adds up in.

Probabilities are explained as log-odds, in which independent evidence is additive (Good, 1950); regression in its unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.losses.outputs import scores

_SMALLEST = 1e-6
LOG_ODDS = "log-odds"


class HasTasks(Protocol):
    """The spec of a model that predicts tasks."""

    @property
    def tasks(self) -> Sequence[TaskSpec]:
        """Its tasks."""


@dataclass(frozen=True)
class Target:
    """A label.

    Attributes:
        name: as a user writes it: ``task``, ``task/class`` or ``task/by_<time>``.
        task: the task it belongs to.
        index: its column among the task's outputs.
    """

    name: str
    task: TaskSpec
    index: int = 0

    @property
    def is_probability(self) -> bool:
        """Whether the label has a probability; a regression target has a value."""
        return self.task.kind is not TaskKind.REGRESSION

    @property
    def unit(self) -> str:
        """Unit of the score and of everything attributed to parts of it."""
        return LOG_ODDS if self.is_probability else self.task.unit

    def score(self, logits: Mapping[str, Tensor]) -> Tensor:
        """The explained number ``(B,)`` of a network's logits.

        Binary and multilabel: the logit. Multiclass: log-odds of the class against all others. Regression: the value.
        Survival: log-odds of the event until the time.
        """
        values = logits[self.task.name].float()
        if self.task.kind is TaskKind.MULTICLASS:
            others = [column for column in range(values.shape[1]) if column != self.index]
            return values[:, self.index] - values[:, others].logsumexp(dim=1)
        if self.task.kind is TaskKind.SURVIVAL:
            alive = scores(self.task, values)[:, self.index].clamp(_SMALLEST, 1 - _SMALLEST)
            return -torch.logit(alive)
        return values[:, self.index]

    def shown(self, score: float) -> float:
        """A score as a reader knows it: a probability, or the value itself."""
        if not self.is_probability:
            return score
        return 1 / (1 + math.exp(-score)) if score >= 0 else math.exp(score) / (1 + math.exp(score))


def known_targets(spec: HasTasks) -> dict[str, Target]:
    """All labels of a model by name."""
    found: dict[str, Target] = {}
    for task in spec.tasks:
        if task.kind in (TaskKind.MULTILABEL, TaskKind.MULTICLASS):
            names = [f"{task.name}/{label}" for label in task.classes]
        elif task.kind is TaskKind.SURVIVAL:
            names = [f"{task.name}/by_{edge:g}" for edge in task.bin_edges]
        else:
            names = [task.name]
        found |= {name: Target(name, task, index) for index, name in enumerate(names)}
    return found


def find_target(spec: HasTasks, label: str) -> Target:
    """A label by its name; the part after the task's name is enough where no other task has it.

    Raises:
        InputRejected: ``LABEL_UNKNOWN``, with the labels that there are.
    """
    known = known_targets(spec)
    if label in known:
        return known[label]
    short = [target for name, target in known.items() if name.rpartition("/")[2] == label]
    if len(short) == 1:
        return short[0]
    raise InputRejected(
        "LABEL_UNKNOWN",
        "the model has no such label" if not short else "several tasks have this label",
        expected=", ".join(known),
        remedy="Name one of these as --target.",
    )
