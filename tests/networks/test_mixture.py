"""Mixtures are means of probabilities."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import TaskKind
from monai_app.networks.mixture import mixture_logits

STACK = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0))
EVEN = torch.full((4, 3, 1), 1 / 3)


@pytest.mark.parametrize("kind", [TaskKind.BINARY, TaskKind.MULTILABEL, TaskKind.SURVIVAL])
def test_sigmoid_of_the_mixture_is_the_mean_of_the_sigmoids(kind: TaskKind) -> None:
    torch.testing.assert_close(mixture_logits(kind, STACK, EVEN).sigmoid(), STACK.sigmoid().mean(dim=1))


def test_softmax_of_the_mixture_is_the_mean_of_the_softmaxes() -> None:
    mixed = mixture_logits(TaskKind.MULTICLASS, STACK, EVEN)
    torch.testing.assert_close(mixed.softmax(dim=1), STACK.softmax(dim=2).mean(dim=1))


def test_a_mixture_of_one_is_that_one() -> None:
    weights = torch.tensor([[1.0], [0.0], [0.0]]).expand(4, 3, 1)
    torch.testing.assert_close(mixture_logits(TaskKind.BINARY, STACK, weights), STACK[:, 0])
    torch.testing.assert_close(mixture_logits(TaskKind.REGRESSION, STACK, weights), STACK[:, 0])


def test_extreme_logits_stay_finite() -> None:
    assert torch.isfinite(mixture_logits(TaskKind.BINARY, STACK * 1e4, EVEN)).all()
