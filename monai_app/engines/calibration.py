"""The calibrated fallback of late fusion: a temperature and a weight a modality, fitted on validation."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from monai_app.losses import MultitaskLoss
from monai_app.networks import FusionOutput, LateFusion


def fit_late_fusion(
    fusion: LateFusion,
    loss: MultitaskLoss,
    modality_logits: dict[str, dict[str, Tensor]],
    present: Tensor,
    targets: Mapping[str, Tensor],
    *,
    steps: int = 100,
) -> float:
    """Minimise the validation loss over temperatures and weights, in place; nothing else of the network changes.

    Temperature scaling: Guo et al., ICML 2017. The weights renormalise over whatever is present in a sample.

    Args:
        fusion: the trained late fusion.
        loss: the training loss (its per-modality part does not depend on what is fitted).
        modality_logits: per modality and task the validation logits ``(N, K)``.
        present: ``(N, M)`` presence bits.
        targets: ``label_<task> (N, K')`` and ``<m>_present (N,)``.
        steps: at most this many L-BFGS iterations.

    Returns:
        The validation loss reached.
    """
    temperature = fusion.log_temperature.detach().clone().requires_grad_()
    score = fusion.score.detach().clone().requires_grad_()
    optimiser = torch.optim.LBFGS([temperature, score], max_iter=steps, line_search_fn="strong_wolfe")
    plain = {name: {task: value.detach() for task, value in logits.items()} for name, logits in modality_logits.items()}

    def objective() -> Tensor:
        fused = fusion.combine(plain, present, temperature, score)
        return loss(FusionOutput(fused.logits), targets)

    def closure() -> float:
        optimiser.zero_grad()
        value = objective()
        value.backward()
        return float(value.detach())

    before = float(objective().detach())
    optimiser.step(closure)
    after = float(objective().detach())
    if torch.isfinite(torch.cat([temperature, score])).all() and after <= before:
        fusion.log_temperature.copy_(temperature.detach())
        fusion.score.copy_(score.detach())
        return after
    return before
