"""The path integral equals Captum's sum on the same points, uses every point again, and refines where it bends."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from torch import Tensor, nn

from monai_app.explain.path_integral import NARROWEST, Path

X, AWAY = torch.tensor([[1.0, -2.0, 0.5]]), torch.tensor([[0.0, 0.5, -0.5]])


def smooth(points: Tensor) -> Tensor:
    return points.square().sum(dim=1).tanh() + points[:, 0] * points[:, 1]


def path(forward: object, places: np.ndarray, batch: int = 4) -> Path:
    made = Path(forward, AWAY, X, batch=batch)  # type: ignore[arg-type]
    made.visit(places)
    return made


def test_equals_captum_on_its_own_points() -> None:
    nodes, weights = np.polynomial.legendre.leggauss(50)
    ours = path(smooth, (1 + nodes) / 2).integral(weights / 2)
    torch.testing.assert_close(ours, IntegratedGradients(smooth).attribute(X, baselines=AWAY), rtol=1e-5, atol=1e-5)


def test_equals_captum_behind_a_network_whatever_the_batch() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(3, 8), nn.GELU(), nn.Linear(8, 1), nn.Flatten(0)).requires_grad_(False)
    captum = IntegratedGradients(network).attribute(X, baselines=AWAY, n_steps=200)
    for batch in (1, 7, 64):
        found = path(network, np.linspace(0, 1, 201), batch)
        torch.testing.assert_close(found.integral(), captum, rtol=1e-4, atol=1e-5)
        assert found.total() == pytest.approx(float(found.integral().sum()), abs=1e-6)


def test_order_of_visits_does_not_matter() -> None:
    places = np.linspace(0, 1, 9)
    once, twice = path(smooth, places), path(smooth, places[::2])
    twice.visit(places[1::2])
    torch.testing.assert_close(once.integral(), twice.integral())
    assert twice.weights().sum() == pytest.approx(1) and len(twice.gradients) == 9


def test_halving_a_bend_reaches_the_change_with_few_points() -> None:
    kink = path(lambda p: (p[:, 0] - 0.3).relu(), np.linspace(0, 1, 9))
    start = kink.places
    while kink.refine(1e-3, 100):
        pass
    assert abs(kink.total() - 0.7) < 2e-3 and len(kink.places) < 40
    assert set(start) <= set(kink.places) and np.abs(kink.places - 0.3).min() < 0.02


def test_jump_ends_the_search_and_stays_missing() -> None:
    jump = path(lambda p: p[:, 0] + (p[:, 0] > 0.3).float(), np.linspace(0, 1, 9))
    while jump.refine(1e-3, 1000):
        pass
    missing = jump.missing()
    assert len(jump.places) < 30 and missing.max() == pytest.approx(1, abs=1e-3)
    assert np.diff(jump.places)[missing.argmax()] <= NARROWEST


def test_room_and_memory_bound_the_points() -> None:
    bent = path(smooth, np.linspace(0, 1, 5))
    assert bent.refine(0.0, 3) and len(bent.places) == 8 and not bent.refine(0.0, 0)
    assert bent.most > 1e6
