"""The diffusion's loss: the mean error, and what the contrast and the labels add."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from monai_app.losses.diffusion import DiffusionLoss, known_cross_entropy


@dataclass
class Output:
    velocity: Tensor
    target: Tensor
    noise_share: Tensor
    blinded: Tensor | None = None
    labels: Tensor | None = None
    told: Tensor | None = None


def output(blinded: float | None = None, share: float = 1.0) -> Output:
    zeros = torch.zeros(2, 1, 2, 2)
    other = None if blinded is None else zeros + blinded
    return Output(zeros + 1.0, zeros, torch.full((2,), share), blinded=other)


def test_it_is_the_mean_squared_error_of_the_velocity() -> None:
    assert float(DiffusionLoss()(output(), {})) == 1.0
    assert float(DiffusionLoss(contrast_weight=1.0)(output(), {})) == 1.0


def test_a_blinded_condition_that_does_no_worse_costs_and_one_that_does_is_free() -> None:
    loss = DiffusionLoss(contrast_weight=2.0, margin=0.5)
    assert float(loss(output(blinded=1.0), {})) == pytest.approx(1 + 2 * 0.5)
    assert float(loss(output(blinded=2.0), {})) == pytest.approx(1.0)
    assert float(loss(output(blinded=1.0, share=0.1), {})) == pytest.approx(1 + 2 * 0.1 * 0.5)


def test_only_known_labels_count() -> None:
    logits = torch.tensor([[0.0, 50.0]])
    assert float(known_cross_entropy(logits, torch.tensor([[1.0, torch.nan]]))) == pytest.approx(0.6931, abs=1e-4)
    assert float(known_cross_entropy(logits, torch.full((1, 2), torch.nan))) == 0.0
    wrong = output()
    wrong.labels, wrong.told = logits, torch.tensor([[1.0, 0.0]])
    assert float(DiffusionLoss(label_weight=1.0)(wrong, {})) > 20
