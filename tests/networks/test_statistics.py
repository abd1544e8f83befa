"""Fitted normalisation: NumPy's z-score, unknown at the mean, extremes held, and part of the state."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from monai_app.networks.statistics import Standardise, spread_statistics

VALUES = torch.tensor([[1.0, 10.0], [3.0, 30.0], [5.0, 80.0]])
MEAN, STD = VALUES.numpy().mean(0), VALUES.numpy().std(0)


def fitted() -> Standardise:
    scale = Standardise(2)
    scale.fit(MEAN, STD)
    return scale


def test_equals_the_z_score() -> None:
    np.testing.assert_allclose(fitted()(VALUES), (VALUES.numpy() - MEAN) / STD, rtol=1e-6)


def test_unknown_lies_at_the_mean_and_extremes_at_the_limit() -> None:
    odd = torch.tensor([[torch.nan, torch.inf], [-torch.inf, 1e9]])
    np.testing.assert_array_equal(fitted()(odd), [[0, 6], [-6, 6]])


def test_constant_feature_keeps_its_scale() -> None:
    scale = Standardise(1)
    scale.fit(np.array([7.0]), np.array([0.0]))
    assert scale(torch.tensor([[9.0]])).item() == 2


def test_statistics_travel_with_the_weights() -> None:
    twin = Standardise(2)
    twin.load_state_dict(fitted().state_dict())
    torch.testing.assert_close(twin(VALUES), fitted()(VALUES))


def test_statistic_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must have shape \(2,\), got \(3,\)"):
        Standardise(2).fit(np.zeros(3), np.ones(3))


def test_statistics_reach_nested_modules_once() -> None:
    class Counting(nn.Module):
        calls = 0

        def set_statistics(self, statistics: dict[str, np.ndarray]) -> None:
            self.calls += int(statistics["n"])

    inner = Counting()
    spread_statistics(nn.Sequential(nn.Sequential(inner), nn.ReLU()), {"n": np.array(1)})
    assert inner.calls == 1
