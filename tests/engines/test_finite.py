"""A NaN never reaches the weights, and the error names the batch but nobody in it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from monai_app.core.errors import AppError
from monai_app.engines.batches import ROW
from monai_app.engines.finite import clip_gradients, stop_on_bad_loss


def engine(loss: float = 1.0, gradient: float = 1.0, rows: int = 3) -> Any:
    weight = torch.zeros(4, requires_grad=True)
    weight.grad = torch.full((4,), gradient)
    state = SimpleNamespace(output={"loss": torch.tensor(loss)}, batch={ROW: torch.arange(rows)}, epoch=2, iteration=17)
    return SimpleNamespace(state=state, optimizer=torch.optim.SGD([weight], 0.1))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_bad_loss_or_gradient_stops_and_names_the_batch(value: float) -> None:
    place = "epoch 2, iteration 17, rows of the train split: 0, 1, 2"
    with pytest.raises(AppError, match=f"LOSS_NOT_FINITE.*{place}"):
        stop_on_bad_loss(engine(loss=value))
    with pytest.raises(AppError, match=f"GRADIENT_NOT_FINITE.*{place}"):
        clip_gradients(engine(gradient=value), 1.0)


def test_a_large_batch_is_named_in_short() -> None:
    with pytest.raises(AppError, match=r"62, 63, \.\.\."):
        stop_on_bad_loss(engine(loss=float("nan"), rows=500))


def test_finite_numbers_pass() -> None:
    stop_on_bad_loss(engine())


@pytest.mark.parametrize(("limit", "norm"), [(None, 2.0), (5.0, 2.0), (0.5, 0.5)])
def test_gradient_is_scaled_to_the_limit_only_when_above_it(limit: float | None, norm: float) -> None:
    here = engine()
    clip_gradients(here, limit)
    (weight,) = here.optimizer.param_groups[0]["params"]
    assert weight.grad.norm().item() == pytest.approx(norm, rel=1e-4)
