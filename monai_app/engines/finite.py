"""Stop at the first NaN: in the loss before it reaches the weights, in the gradient before the optimiser's step."""

from __future__ import annotations

from typing import Any

import torch
from monai.utils.enums import CommonKeys

from monai_app.core.errors import AppError
from monai_app.engines.batches import ROW

_MOST_ROWS_NAMED = 64


def stop_on_bad_loss(engine: Any) -> None:
    """Handler of LOSS_COMPLETED.

    Raises:
        AppError: ``LOSS_NOT_FINITE`` naming epoch, iteration and the batch's row numbers within the split.
    """
    if not torch.isfinite(engine.state.output[CommonKeys.LOSS].detach()).all():
        raise _stopped(engine, "LOSS_NOT_FINITE", "the loss became NaN or infinite")


def clip_gradients(engine: Any, clip_norm: float | None) -> None:
    """Handler of BACKWARD_COMPLETED: scale the gradient to at most ``clip_norm`` (2-norm over all parameters).

    Raises:
        AppError: ``GRADIENT_NOT_FINITE``, as :func:`stop_on_bad_loss`.
    """
    parameters = [parameter for group in engine.optimizer.param_groups for parameter in group["params"]]
    limit = float("inf") if clip_norm is None else clip_norm
    norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
    if not torch.isfinite(norm):
        raise _stopped(engine, "GRADIENT_NOT_FINITE", "the gradient became NaN or infinite")


def _stopped(engine: Any, code: str, what: str) -> AppError:
    rows = engine.state.batch[ROW].tolist()
    named = ", ".join(map(str, rows[:_MOST_ROWS_NAMED])) + (", ..." if len(rows) > _MOST_ROWS_NAMED else "")
    return AppError(
        code,
        what,
        got=f"epoch {engine.state.epoch}, iteration {engine.state.iteration}, rows of the train split: {named}",
        expected="finite numbers",
        remedy="The last good checkpoint and the best weights stay. Look at these rows, or lower the learning rate.",
    )
