"""Task heads: a linear layer each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.networks.statistics import copy_statistic


class TaskHeads(nn.Module):
    """One linear head a task: features ``(B, width)`` -> ``{task: (B, K)}``.

    Regression outputs are in the task's unit (the head predicts in standard deviations of the train target).
    Heads of rare labels start at their train prevalence, so that the first epochs are not spent on the bias.
    """

    def __init__(self, tasks: Sequence[TaskSpec], width: int) -> None:
        super().__init__()
        self.kinds = {task.name: task.kind for task in tasks}
        # The prefix keeps a task called "type" or "float" from shadowing an attribute of nn.Module.
        self.layers = nn.ModuleDict({f"task_{task.name}": nn.Linear(width, task.outputs) for task in tasks})
        for task in tasks:
            if task.kind is TaskKind.REGRESSION:
                self.register_buffer(f"mean_{task.name}", torch.zeros(1))
                self.register_buffer(f"std_{task.name}", torch.ones(1))

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Take the train target: mean and standard deviation (regression) or prevalence (binary, multilabel)."""
        for name, kind in self.kinds.items():
            mean = statistics.get(f"target_mean_{name}")
            if mean is None:
                continue
            if kind is TaskKind.REGRESSION:
                copy_statistic(self.get_buffer(f"mean_{name}"), mean)
                copy_statistic(self.get_buffer(f"std_{name}"), np.maximum(statistics[f"target_std_{name}"], 1e-6))
            elif kind in (TaskKind.BINARY, TaskKind.MULTILABEL):
                rate = torch.as_tensor(np.asarray(mean), dtype=torch.float32).clamp(1e-3, 1 - 1e-3)
                with torch.no_grad():
                    self.bias(name).copy_(torch.logit(rate).reshape(-1))

    def bias(self, task: str) -> Tensor:
        """The bias of a task's head ``(K,)``."""
        return self.get_parameter(f"layers.task_{task}.bias")

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Logits or values per task."""
        outputs = {}
        for name, kind in self.kinds.items():
            output = self.layers[f"task_{name}"](features).float()
            if kind is TaskKind.REGRESSION:
                output = output * self.get_buffer(f"std_{name}") + self.get_buffer(f"mean_{name}")
            outputs[name] = output
        return outputs
