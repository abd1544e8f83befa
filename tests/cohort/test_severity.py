from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.severity import SAPS_BANDS, age_points, limit_arrays, saps_points

UNITS = {"heart_rate": "/min", "glasgow_coma_scale": "{score}", "sodium": "mmol/L"}


def _points(**columns: float) -> float:
    named = {name.replace("__", "/"): np.array([value]) for name, value in columns.items()}
    return saps_points(named, UNITS)[0]


@pytest.mark.parametrize(("worst", "points"), [(39, 11), (40, 2), (69, 2), (70, 0)])
def test_low_heart_rate_scores_as_published(worst, points):
    assert _points(heart_rate__min=worst) == points


def test_the_worse_of_low_and_high_counts_once():
    assert _points(heart_rate__min=65.0, heart_rate__max=165.0) == 7


def test_items_add_up_and_what_is_missing_is_normal():
    assert _points(glasgow_coma_scale__min=5.0, sodium__min=120.0, heart_rate__min=np.nan) == 26 + 5


def test_other_units_are_not_scored():
    assert saps_points({"heart_rate/min": np.array([30.0])}, {"heart_rate": "Hz"}) is None


def test_age_scores_as_published():
    ages = np.array([39, 40, 60, 70, 75, 80, np.nan])
    assert age_points(ages).tolist() == [0, 7, 12, 15, 16, 18, 0]


def test_limits_apply_in_their_unit_only():
    low, high = limit_arrays(("heart_rate", "lactate", "shock_index"), {"heart_rate": "/min", "lactate": "mg/dL"})
    assert (low[0], high[0]) == (50, 110)
    assert np.isnan([low[1], high[1], low[2]]).all() and high[2] == 1.0


def test_every_band_has_one_more_points_than_cuts():
    assert all(len(band.points) == len(band.cuts) + 1 and list(band.cuts) == sorted(band.cuts) for band in SAPS_BANDS)
