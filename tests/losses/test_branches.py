"""Ranking of branches: only attention on a worse branch costs."""

from __future__ import annotations

import torch

from monai_app.losses.branches import ranking_loss

LOSSES = torch.tensor([[[0.1, 0.9, 0.5]]])
ALL = torch.ones(1, 1, 3).bool()


def test_attention_in_the_order_of_the_losses_costs_nothing() -> None:
    assert ranking_loss(LOSSES, torch.tensor([[[0.5, 0.2, 0.3]]]), ALL) == 0


def test_cost_is_the_attention_that_is_on_the_wrong_side() -> None:
    loss = ranking_loss(LOSSES, torch.tensor([[[0.2, 0.5, 0.3]]]), ALL)
    torch.testing.assert_close(loss, torch.tensor((0.3 + 0.1 + 0.2) / 3))


def test_absent_branches_and_equal_losses_rank_nothing() -> None:
    attention = torch.tensor([[[0.2, 0.5, 0.3]]], requires_grad=True)
    assert ranking_loss(LOSSES, attention, torch.tensor([[[True, False, False]]])) == 0
    assert ranking_loss(torch.ones(1, 1, 3), attention, ALL) == 0


def test_gradient_reaches_the_attention_and_never_the_loss() -> None:
    losses = LOSSES.clone().requires_grad_()
    attention = torch.tensor([[[0.2, 0.5, 0.3], [0.2, 0.5, 0.3]]], requires_grad=True)
    ranking_loss(losses, attention, ALL).backward()
    assert losses.grad is None
    assert attention.grad is not None and attention.grad.abs().sum() > 0
