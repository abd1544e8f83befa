"""The detection of corrupted modalities counts over what is present, and only where it is known."""

from __future__ import annotations

import math

import pytest
import torch

from monai_app.cohort.spec import TaskSpec
from monai_app.losses import MultitaskLoss, ReliabilityLoss
from monai_app.networks import FusionOutput

TASKS = (TaskSpec(name="death", kind="binary"),)
TARGETS = {
    "label_death": torch.tensor([[1.0], [0.0]]),
    "film_present": torch.tensor([True, False]),
    "series_present": torch.tensor([True, True]),
}
CORRUPTED = {"film_corrupted": torch.tensor([1.0, 1.0]), "series_corrupted": torch.tensor([0.0, 1.0])}


def output(suspicion: torch.Tensor) -> FusionOutput:
    return FusionOutput({"death": torch.zeros(2, 1)}, extras={"corruption_logits": suspicion})


def test_it_is_the_cross_entropy_over_present_modalities() -> None:
    loss = ReliabilityLoss(TASKS, modalities=("film", "series"), detection_weight=2.0)
    suspicion = torch.tensor([[math.log(3), 0.0], [50.0, 0.0]])
    expected = MultitaskLoss(TASKS)(output(suspicion), TARGETS) + 2 * (-math.log(0.75) + 2 * math.log(2)) / 3
    torch.testing.assert_close(loss(output(suspicion), TARGETS | CORRUPTED), expected)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_without_knowledge_or_weight_only_the_tasks_count(weight: float) -> None:
    targets = TARGETS if weight else TARGETS | CORRUPTED
    loss = ReliabilityLoss(TASKS, modalities=("film", "series"), detection_weight=weight)
    found = loss(output(torch.randn(2, 2, generator=torch.Generator().manual_seed(0))), targets)
    torch.testing.assert_close(found, MultitaskLoss(TASKS)(output(torch.zeros(2, 2)), TARGETS))


def test_an_absent_modality_is_not_judged() -> None:
    loss = ReliabilityLoss(TASKS, modalities=("film", "series"))
    first, second = (output(torch.tensor([[0.0, 0.0], [value, 0.0]])) for value in (-30.0, 30.0))
    assert torch.equal(loss(first, TARGETS | CORRUPTED), loss(second, TARGETS | CORRUPTED))
