"""Channels: codes are unique, typical values lie within what a device reports, units are UCUM codes we know."""

from __future__ import annotations

import pytest

from monai_app.cohort.units import UCUM_CODES
from monai_app.phantom.channel import CHANNELS, ChannelModel


def test_every_code_stands_once() -> None:
    assert len({channel.code for channel in CHANNELS}) == len(CHANNELS)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.code)
def test_typical_value_can_be_reported(channel: ChannelModel) -> None:
    low, high = channel.limits
    assert low < channel.base < high
    assert channel.detection_limit is None or low < channel.detection_limit < channel.base
    assert 0 < channel.ordered <= 1 and channel.per_day > 0


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.code)
def test_unit_is_known_and_only_series_latents_move_it(channel: ChannelModel) -> None:
    assert channel.unit in UCUM_CODES
    assert all(latent.startswith("series_") for latent in channel.effects)
