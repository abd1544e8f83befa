"""Corruptions of series: what is carried forward is what the cohort's own time grid would make."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from monai_app.cohort.timegrid import time_grid
from monai_app.transforms.corruption.segment_loss import SegmentLossd
from monai_app.transforms.corruption.series import carried_forward, observations
from tests.transforms.corruption.samples import SERIES, corrupted, same, series

NOW = datetime(2020, 1, 2)


def gridded(observed: np.ndarray) -> np.ndarray:
    """The grid that ``time_grid`` makes of one event for each observation."""
    rows = [
        (0, NOW - timedelta(hours=SERIES.steps - 1 - int(step)), SERIES.channels[channel].codes[0], value, NOW)
        for (step, channel), value in np.ndenumerate(observed)
        if np.isfinite(value)
    ]
    names = ["sample", "time", "code", "numeric_value", "prediction_time"]
    grid = time_grid(pl.LazyFrame(rows, schema=names, orient="row"), SERIES, 1)
    return np.stack([grid.values[0], grid.mask[0].astype(np.float32), grid.hours_since[0]])


def test_carrying_forward_equals_the_time_grid_bit_for_bit() -> None:
    observed = observations(series())
    np.testing.assert_array_equal(carried_forward(observed, SERIES), gridded(observed))


def test_observations_of_a_carried_series_are_what_went_in() -> None:
    assert same(carried_forward(observations(series()), SERIES), series())


def test_nothing_observed_is_unknown_as_long_as_the_grid() -> None:
    values, mask, hours = carried_forward(np.full((SERIES.steps, 6), np.nan, np.float32), SERIES)
    assert np.isnan(values).all() and not mask.any() and (hours == SERIES.hours).all()


def test_corrupted_series_is_one_the_time_grid_could_have_made() -> None:
    result, _ = corrupted(SegmentLossd("series", 3, series=SERIES))
    np.testing.assert_array_equal(result, gridded(observations(result)))
