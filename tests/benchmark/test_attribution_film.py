from __future__ import annotations

import numpy as np
import pytest

from monai_app.benchmark.attribution_film import (
    AUROC,
    HIT,
    HIT_MARGIN,
    MASS,
    METRICS,
    PRECISION,
    centre_scores,
    chance,
    film_scores,
    smoothed,
    with_margin,
)

SIDE = 96


@pytest.fixture
def region() -> np.ndarray:
    found = np.zeros((SIDE, SIDE), bool)
    found[60:80, 10:30] = True
    return found


def test_a_map_that_is_the_region_scores_one(region: np.ndarray) -> None:
    assert film_scores(region.astype(np.float32), region) == dict.fromkeys(METRICS, 1.0)


def test_chance_is_what_random_maps_score(region: np.ndarray) -> None:
    random = np.random.default_rng(0)
    maps = [film_scores(random.random((SIDE, SIDE)).astype(np.float32), region) for _ in range(60)]
    expected = chance(region)
    for measure, tolerance in ((HIT, 0.08), (MASS, 0.01), (AUROC, 0.02), (PRECISION, 0.02)):
        assert np.mean([one[measure] for one in maps]) == pytest.approx(expected[measure], abs=tolerance)
    assert expected[HIT_MARGIN] > expected[HIT]


def test_margin_reaches_three_percent_of_the_side_and_no_further(region: np.ndarray) -> None:
    near = with_margin(region)
    assert near[57, 20] and not near[56, 20]
    assert not near[57, 7]  # corners are round


def test_a_peak_just_outside_hits_only_with_the_margin(region: np.ndarray) -> None:
    values = np.zeros((SIDE, SIDE), np.float32)
    values[58, 20] = 1
    found = film_scores(values, region)
    assert (found[HIT], found[HIT_MARGIN]) == (0.0, 1.0)


def test_smoothing_keeps_the_sum_and_finds_the_bulk_behind_a_stray_pixel(region: np.ndarray) -> None:
    values = region.astype(np.float32)
    values[5, 90] = 3
    assert film_scores(values, region)[HIT] == 0
    assert film_scores(smoothed(values), region)[HIT] == 1
    assert smoothed(values).sum() == pytest.approx(values.sum(), rel=0.05)


def test_the_centre_knows_nothing_of_a_lateral_region(region: np.ndarray) -> None:
    assert centre_scores(region)[HIT] == 0
