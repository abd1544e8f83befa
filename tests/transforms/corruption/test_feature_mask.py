"""Feature mask: whole channels, as a channel that never had a value."""

from __future__ import annotations

import itertools

import numpy as np

from monai_app.transforms.corruption.feature_mask import FeatureMaskd
from tests.transforms.corruption.samples import CHANNELS, SERIES, corrupted, series

NAMES = [row[0] for row in CHANNELS]


def test_lost_channels_look_never_observed_and_others_are_kept() -> None:
    (values, mask, hours), parameters = corrupted(FeatureMaskd("series", 3, series=SERIES))
    gone = np.isin(NAMES, parameters["channels"])
    assert gone.sum() == 3
    assert np.isnan(values[:, gone]).all() and not mask[:, gone].any() and (hours[:, gone] == SERIES.hours).all()
    np.testing.assert_array_equal(np.stack([values, mask, hours])[:, :, ~gone], series()[:, :, ~gone])


def test_worse_severity_loses_the_same_channels_and_more() -> None:
    lost = [set(corrupted(FeatureMaskd("series", level, series=SERIES))[1]["channels"]) for level in range(1, 6)]
    assert all(less <= more for less, more in itertools.pairwise(lost)) and len(lost[-1]) == 5
