"""A saved state goes back where it came from, and only into the same training."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from torch import nn

from monai_app.core.errors import InputRejected
from monai_app.engines.state import Resume, capture, check_same_training, restore, trainable_loss

IDENTITY = {"configuration": "a", "cohort": "b", "processes": "1"}


def network(seed: int, width: int = 3) -> nn.Linear:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Linear(width, 2)


def saved(seed: int = 0) -> dict[str, Any]:
    return capture({"network": network(seed)}, iteration=7, finished=False, identity=IDENTITY)


def test_state_comes_back_bit_equal() -> None:
    other = network(1)
    restore({"network": other}, saved())
    assert torch.equal(other.weight, network(0).weight)


def test_part_that_is_new_starts_afresh_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    average = network(1)
    with caplog.at_level(logging.WARNING):
        restore({"network": network(1), "average": average}, saved())
    assert torch.equal(average.weight, network(1).weight) and "average" in caplog.text


def test_part_of_another_shape_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"RESUME_MISFIT.*network"):
        restore({"network": network(0, width=4)}, saved())


@pytest.mark.parametrize("name", IDENTITY)
def test_another_training_is_refused_naming_what_differs(name: str) -> None:
    with pytest.raises(InputRejected, match=f"RESUME_CHANGED.*different {name}"):
        check_same_training(saved(), IDENTITY | {name: "other"}, Resume.SAME)


def test_another_training_may_be_allowed_by_name(caplog: pytest.LogCaptureFixture) -> None:
    assert check_same_training(saved(), IDENTITY, Resume.SAME)
    with caplog.at_level(logging.WARNING):
        assert not check_same_training(saved(), IDENTITY | {"cohort": "other"}, Resume.CHANGED)
    assert "cohort" in caplog.text


@pytest.mark.parametrize(("loss", "kept"), [(nn.PReLU(), True), (nn.BCEWithLogitsLoss(), False), (abs, False)])
def test_only_a_loss_with_a_state_is_kept(loss: Any, kept: bool) -> None:
    assert (trainable_loss(loss) is not None) is kept
