"""Noise of series: as large as its channel's spread asks, within what is plausible, on observations only."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.transforms.corruption.series import observations
from monai_app.transforms.corruption.series_noise import SeriesNoised, spread
from tests.transforms.corruption.samples import SERIES, STD, corrupted, series


def test_noise_has_its_share_of_the_spread() -> None:
    wide = SeriesSpec(hours=4000, channels=(Channel(name="heart_rate", codes=("HR",), unit="/min"),))
    steady = np.stack([np.full(4000, 80.0), np.ones(4000), np.zeros(4000)])[:, :, None].astype(np.float32)
    noisy = SeriesNoised("series", 3, series=wide, std=np.array([12.0], np.float32))
    result = noisy.apply(steady, {"relative_std": 0.5, "seed": 0})[0] - 80
    assert result.std() == pytest.approx(6, rel=0.05) and result.mean() == pytest.approx(0, abs=0.3)


def test_what_is_observed_stays_observed_and_plausible() -> None:
    result, _ = corrupted(SeriesNoised("series", 5, series=SERIES, std=STD * 100))
    np.testing.assert_array_equal(result[1:], series()[1:])
    known = observations(result)
    for index, channel in enumerate(SERIES.channels):
        column = known[:, index][np.isfinite(known[:, index])]
        assert channel.low <= column.min() + 1e-6 and column.max() <= channel.high


def test_spread_of_a_skewed_channel_is_far_below_its_range() -> None:
    skewed = Channel(name="troponin_t", codes=("T",), unit="ng/L", low=1, high=100_000)
    assert spread(skewed) == pytest.approx(316, abs=1)
    assert spread(SERIES.channels[0]) == pytest.approx(11.5)


def test_channel_without_spread_or_range_is_refused() -> None:
    endless = SeriesSpec(channels=(Channel(name="heart_rate", codes=("HR",), unit="/min"),))
    with pytest.raises(ValueError, match="no plausible range"):
        SeriesNoised("series", 1, series=endless)


def test_spread_of_another_number_of_channels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got shape \(2,\)"):
        SeriesNoised("series", 1, series=SERIES, std=np.ones(2, np.float32))
