"""The discrete-time likelihood against hand-computed cases."""

from __future__ import annotations

import pytest
import torch

from monai_app.losses.survival import survival_curve, survival_loss

EDGES = torch.tensor([1.0, 2.0, 4.0])
HAZARDS = torch.tensor([[0.1, 0.2, 0.3]])
LOGITS = HAZARDS.logit()


@pytest.mark.parametrize(
    ("time", "event", "likelihood"),
    [
        (0.5, 1.0, 0.1),
        (0.0, 1.0, 0.1),
        (1.0, 1.0, 0.1),
        (1.5, 1.0, 0.9 * 0.2),
        (3.0, 1.0, 0.9 * 0.8 * 0.3),
        (9.0, 1.0, 0.9 * 0.8 * 0.7),
        (0.5, 0.0, 1.0),
        (1.5, 0.0, 0.9),
        (4.0, 0.0, 0.9 * 0.8 * 0.7),
    ],
)
def test_likelihood_equals_the_hand_computed_product(time: float, event: float, likelihood: float) -> None:
    loss = survival_loss(LOGITS, torch.tensor([[time, event]]), EDGES)
    assert torch.exp(-loss).item() == pytest.approx(likelihood, rel=1e-5)


def test_curve_is_the_running_product_of_survivals() -> None:
    torch.testing.assert_close(survival_curve(LOGITS), torch.tensor([[0.9, 0.72, 0.504]]))


def test_a_fit_recovers_the_life_table_under_censoring() -> None:
    generator = torch.Generator().manual_seed(0)
    time = torch.rand(4000, generator=generator) * 5
    event = (torch.rand(4000, generator=generator) < 0.5).float()
    logits = torch.zeros(1, 3, requires_grad=True)
    optimiser = torch.optim.LBFGS([logits], max_iter=50)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = survival_loss(logits.expand(4000, 3), torch.stack([time, event], dim=1), EDGES).mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    died = ((time <= 1) & (event == 1)).sum()
    at_risk = died + (time >= 1).sum()
    assert logits.sigmoid()[0, 0].item() == pytest.approx((died / at_risk).item(), abs=0.01)
