"""Uncertainty of stochastic passes, against cases computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from monai_app.cohort.spec import TaskSpec
from monai_app.networks.uncertainty import uncertainty

BINARY = TaskSpec(name="death", kind="binary")
VALUE = TaskSpec(name="stay", kind="regression", unit="d")
CHOICE = TaskSpec(name="type", kind="multiclass", classes=("x", "y", "z"))


def test_passes_that_disagree_fully_are_all_epistemic() -> None:
    logits = {"death": torch.tensor([[[200.0]], [[-200.0]]])}
    found = uncertainty([BINARY], logits, {})
    assert found.variance.item() == pytest.approx(0.25)
    assert found.total.item() == pytest.approx(math.log(2))
    assert found.aleatoric.item() == pytest.approx(0.0)
    assert found.epistemic.item() == pytest.approx(math.log(2))


def test_passes_that_agree_on_a_coin_flip_are_all_aleatoric() -> None:
    found = uncertainty([BINARY], {"death": torch.zeros(5, 1, 1)}, {})
    assert (found.variance.item(), found.epistemic.item()) == (0.0, 0.0)
    assert found.total.item() == pytest.approx(math.log(2))


def test_one_pass_has_no_epistemic_part() -> None:
    found = uncertainty([CHOICE], {"type": torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(0))}, {})
    assert found.variance.abs().max() == 0
    torch.testing.assert_close(found.epistemic, torch.zeros(4), atol=1e-6, rtol=0)


def test_regression_counts_in_train_variances_and_has_no_entropy() -> None:
    found = uncertainty([VALUE], {"stay": torch.tensor([[[2.0]], [[6.0]]])}, {"stay": torch.tensor([2.0])})
    assert found.variance.item() == pytest.approx(1.0)
    assert found.total.item() == 0.0


def test_the_parts_sum_to_the_total() -> None:
    logits = {"type": torch.randn(7, 5, 3, generator=torch.Generator().manual_seed(1)), "death": torch.zeros(7, 5, 1)}
    found = uncertainty([BINARY, CHOICE], logits, {})
    torch.testing.assert_close(found.aleatoric + found.epistemic, found.total)
