"""The windowed statistics against NumPy on one grid."""

from __future__ import annotations

import numpy as np
import torch

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.networks.encoders import LSTMEncoder, StatisticsEncoder

SPEC = SeriesSpec(hours=6, channels=(Channel(name="a", codes=("A",), unit="1"),))


def grid() -> torch.Tensor:
    values = torch.tensor([torch.nan, 2.0, 2.0, 4.0, 4.0, 1.0])
    mask = torch.tensor([0.0, 1, 0, 1, 0, 1])
    hours = torch.tensor([6.0, 0, 1, 0, 1, 0])
    return torch.stack([values, mask, hours])[None, :, :, None]


def test_statistics_equal_numpy_over_the_observed_steps() -> None:
    got = StatisticsEncoder(SPEC).statistics(grid())[0].numpy()
    whole, half, last = np.array([2.0, 4, 1]), np.array([4.0, 1]), np.array([1.0])
    expected = [2.0, 1.0, 0.0]
    for part in (whole, half, last):
        expected += [part.mean(), part.min(), part.max(), part.std(), np.log1p(len(part))]
    np.testing.assert_allclose(got, expected, atol=1e-3)


def test_an_empty_series_gives_finite_statistics() -> None:
    empty = torch.stack([torch.full((6, 1), torch.nan), torch.zeros(6, 1), torch.full((6, 1), 6.0)])[None]
    assert torch.isfinite(StatisticsEncoder(SPEC).statistics(empty)).all()


def test_lstm_gives_the_asked_number_of_tokens() -> None:
    assert LSTMEncoder(SPEC, width=8, hidden=8, tokens=3).eval()(grid()).shape == (1, 3, 8)
