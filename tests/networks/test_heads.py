"""Heads: a regression speaks in its unit, a rare label starts at its prevalence."""

from __future__ import annotations

import numpy as np
import torch

from monai_app.cohort.spec import ModelSpec, TaskSpec
from monai_app.networks.heads import TaskHeads


def test_every_task_has_its_number_of_outputs(spec: ModelSpec) -> None:
    outputs = TaskHeads(spec.tasks, 8)(torch.ones(2, 8))
    assert {name: tuple(output.shape) for name, output in outputs.items()} == {
        task.name: (2, task.outputs) for task in spec.tasks
    }


def test_untrained_heads_predict_the_train_split(spec: ModelSpec) -> None:
    heads = TaskHeads(spec.tasks, 8)
    statistics = {
        "target_mean_death": np.array([0.02]),
        "target_mean_findings": np.array([0.1, 0.5, 0.0]),
        "target_mean_stay": np.array([9.0]),
        "target_std_stay": np.array([4.0]),
    }
    heads.set_statistics(statistics)
    outputs = heads(torch.zeros(1, 8))
    torch.testing.assert_close(outputs["death"].sigmoid(), torch.tensor([[0.02]]))
    torch.testing.assert_close(outputs["findings"].sigmoid(), torch.tensor([[0.1, 0.5, 0.001]]))
    torch.testing.assert_close(outputs["stay"], 9 + 4 * heads.bias("stay")[None])


def test_outputs_are_single_precision_under_autocast(spec: ModelSpec) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        outputs = TaskHeads(spec.tasks, 8)(torch.ones(1, 8))
    assert {output.dtype for output in outputs.values()} == {torch.float32}


def test_a_task_may_have_the_name_of_a_module_attribute() -> None:
    heads = TaskHeads([TaskSpec(name=name, kind="binary") for name in ("type", "float", "train")], 4)
    assert set(heads(torch.ones(1, 4))) == {"type", "float", "train"}
