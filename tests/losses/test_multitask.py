"""Properties of the multitask loss."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import TaskSpec
from monai_app.losses import MultitaskLoss
from monai_app.losses.outputs import scores

DEATH = TaskSpec(name="death", kind="binary")
STAY = TaskSpec(name="stay", kind="regression", unit="d")
TYPE = TaskSpec(name="type", kind="multiclass", classes=("x", "y", "z"))
FINDINGS = TaskSpec(name="findings", kind="multilabel", classes=("a", "b"))


def output(logits: dict[str, Tensor], **modalities: dict[str, Tensor]) -> SimpleNamespace:
    return SimpleNamespace(logits=logits, modality_logits=modalities, branches=None, auxiliary={})


def test_unlabelled_entries_change_nothing() -> None:
    loss = MultitaskLoss([FINDINGS])
    target = torch.tensor([[1.0, torch.nan], [0.0, 1.0]])
    a, b = torch.tensor([[0.3, 0.0], [1.0, -1.0]]), torch.tensor([[0.3, 99.0], [1.0, -1.0]])
    targets = {"label_findings": target}
    assert loss(output({"findings": a}), targets) == loss(output({"findings": b}), targets)


def test_nothing_labelled_gives_zero_loss_and_zero_gradient() -> None:
    logits = torch.ones(2, 1, requires_grad=True)
    loss = MultitaskLoss([DEATH])(output({"death": logits}), {"label_death": torch.full((2, 1), torch.nan)})
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


def test_binary_loss_equals_torch_bce() -> None:
    logits, target = (
        torch.randn(5, 1, generator=torch.Generator().manual_seed(0)),
        torch.tensor([[0.0], [1], [1], [0], [1]]),
    )
    loss = MultitaskLoss([DEATH])(output({"death": logits}), {"label_death": target})
    torch.testing.assert_close(loss, nn.BCEWithLogitsLoss()(logits, target))


def test_uncertainty_weighting_follows_kendalls_equation() -> None:
    loss = MultitaskLoss([DEATH, STAY], weighting="uncertainty")
    assert loss.log_variances is not None
    loss.log_variances.data.copy_(torch.tensor([0.5, 9.0]))
    targets = {"label_death": torch.ones(1, 1), "label_stay": torch.zeros(1, 1)}
    got = loss(output({"death": torch.zeros(1, 1), "stay": torch.full((1, 1), 2.0)}), targets)
    expected = np.exp(-0.5) * np.log(2) + 0.25 + np.exp(-4) / 2 * 4 + 2.0
    assert got.item() == pytest.approx(expected, rel=1e-5)


def test_regression_is_measured_in_train_standard_deviations() -> None:
    loss = MultitaskLoss([STAY])
    loss.set_statistics({"target_std_stay": np.array([10.0])})
    got = loss(output({"stay": torch.tensor([[30.0]])}), {"label_stay": torch.tensor([[10.0]])})
    assert got.item() == pytest.approx(4.0)


def test_balance_weighs_positives_by_the_odds() -> None:
    loss = MultitaskLoss([DEATH], balance=1.0)
    loss.set_statistics({"target_mean_death": np.array([0.1])})
    got = loss(output({"death": torch.zeros(1, 1)}), {"label_death": torch.ones(1, 1)})
    assert got.item() == pytest.approx(9 * np.log(2), rel=1e-4)


def test_heads_of_absent_modalities_do_not_count() -> None:
    loss = MultitaskLoss([DEATH], modality_weight=1.0)
    targets = {"label_death": torch.ones(2, 1), "film_present": torch.tensor([True, False])}
    fused = {"death": torch.zeros(2, 1)}
    a = loss(output(fused, film={"death": torch.tensor([[1.0], [5.0]])}), targets)
    b = loss(output(fused, film={"death": torch.tensor([[1.0], [-5.0]])}), targets)
    assert a == b


def test_branches_count_where_they_are_present_and_the_fused_output_by_its_weight() -> None:
    fused, branch = {"death": torch.zeros(2, 1)}, {"death": torch.tensor([[1.0], [5.0]])}
    given = output(fused)
    given.branches = SimpleNamespace(logits={"x": branch}, present=torch.tensor([[True], [False]]), attention={})
    loss = MultitaskLoss([DEATH], branch_weight=0.5, fused_weight=0.0)
    expected = 0.5 * nn.functional.softplus(torch.tensor(-1.0))
    torch.testing.assert_close(loss(given, {"label_death": torch.ones(2, 1)}), expected)


def test_fused_output_counts_fully_where_there_is_no_branch() -> None:
    loss = MultitaskLoss([DEATH], branch_weight=0.5, fused_weight=0.0)
    got = loss(output({"death": torch.zeros(1, 1)}), {"label_death": torch.ones(1, 1)})
    assert got.item() == pytest.approx(np.log(2))


def test_attention_on_the_worse_branch_costs() -> None:
    given, targets = output({"death": torch.zeros(1, 1)}), {"label_death": torch.ones(1, 1)}
    logits = {"good": {"death": torch.tensor([[2.0]])}, "bad": {"death": torch.tensor([[-2.0]])}}
    attention = {"death": torch.tensor([[[0.3, 0.7]]])}
    given.branches = SimpleNamespace(logits=logits, present=torch.ones(1, 2).bool(), attention=attention)
    plain, ranked = MultitaskLoss([DEATH]), MultitaskLoss([DEATH], ranking_weight=2.0)
    torch.testing.assert_close(ranked(given, targets) - plain(given, targets), torch.tensor(0.8))


def test_auxiliary_terms_are_weighed_by_name() -> None:
    given, targets = output({"death": torch.zeros(2, 1)}), {"label_death": torch.ones(2, 1)}
    given.auxiliary = {"overlap": torch.tensor([1.0, 3.0]), "other": torch.tensor([9.0, 9.0])}
    plain, weighed = MultitaskLoss([DEATH]), MultitaskLoss([DEATH], auxiliary_weights={"overlap": 0.5})
    torch.testing.assert_close(weighed(given, targets) - plain(given, targets), torch.tensor(1.0))
    with pytest.raises(ValueError, match="other.*overlap.*got.*overlapp"):
        MultitaskLoss([DEATH], auxiliary_weights={"overlapp": 1.0})(given, targets)


def test_an_unknown_weighting_is_refused() -> None:
    with pytest.raises(ValueError, match="fixed.*uncertainty.*got 'best'"):
        MultitaskLoss([DEATH], weighting="best")  # type: ignore[arg-type]


def test_multiclass_scores_sum_to_one_and_binary_ones_lie_in_the_unit_interval() -> None:
    logits = torch.tensor([[3.0, -2.0, 0.5]])
    torch.testing.assert_close(scores(TYPE, logits).sum(), torch.tensor(1.0))
    assert 0 < scores(DEATH, logits[:, :1]).item() < 1
    assert scores(STAY, logits[:, :1]).item() == 3.0
