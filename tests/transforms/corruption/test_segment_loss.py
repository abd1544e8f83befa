"""Segment loss: one stretch of time without values, the last value before it carried through."""

from __future__ import annotations

import itertools

import numpy as np

from monai_app.transforms.corruption.segment_loss import SegmentLossd
from tests.transforms.corruption.samples import SERIES, corrupted, series


def test_stretch_is_unobserved_and_the_rest_as_observed_as_before() -> None:
    result, parameters = corrupted(SegmentLossd("series", 2, series=SERIES), seed=1)
    first, stop = parameters["first_step"], parameters["stop_step"]
    expected = series()[1]
    expected[first:stop] = 0
    assert stop - first == 5 and expected.sum() < series()[1].sum()
    np.testing.assert_array_equal(result[1], expected)


def test_value_before_the_stretch_is_carried_through_it_with_its_hours() -> None:
    given = np.stack([np.arange(24.0), np.ones(24), np.zeros(24)])[:, :, None].repeat(6, 2).astype(np.float32)
    lost = SegmentLossd("series", 1, series=SERIES).apply(given, {"first_step": 5, "stop_step": 8})
    assert lost[0, 3:9, 0].tolist() == [3, 4, 4, 4, 4, 8]
    assert lost[2, 3:9, 0].tolist() == [0, 0, 1, 2, 3, 0]


def test_milder_stretch_lies_within_the_worse() -> None:
    stretches = [corrupted(SegmentLossd("series", level, series=SERIES), 2)[1] for level in range(1, 6)]
    for mild, bad in itertools.pairwise(stretches):
        assert bad["first_step"] <= mild["first_step"] and mild["stop_step"] <= bad["stop_step"]
