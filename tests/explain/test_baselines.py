"""Baselines come from observed train values; what was never observed falls back on the model."""

from __future__ import annotations

import numpy as np

from monai_app.explain.baselines import TRAIN_MEAN, TRAIN_MEDIAN, Baselines, blurred, completed, medians
from monai_app.networks import MultimodalNetwork


def item(value: float, *, seen: bool = True, present: bool = True) -> dict[str, object]:
    grid = np.full((3, 2, 3), np.nan, np.float32)
    grid[0, :, 0], grid[1, :, 0] = value, seen
    table = np.array([[value, np.nan, 2 * value], [0, 0, 0]], np.float32)
    return {"series": grid, "series_present": present, "table": table, "table_present": present}


def test_median_counts_observed_values_of_present_samples_only() -> None:
    items = [item(1), item(2), item(30), item(99, seen=False), item(99, present=False)]
    found = medians(items)
    np.testing.assert_array_equal(found.series, [2, np.nan, np.nan])
    assert found.table is not None and found.table[1] != found.table[1] and found.source == TRAIN_MEDIAN


def test_unknown_medians_are_the_models_means(network: MultimodalNetwork) -> None:
    found = completed(Baselines(np.array([2, np.nan, np.nan], np.float32), None, 4, TRAIN_MEDIAN), network)
    np.testing.assert_array_equal(found.series, [2, 0, 0])
    np.testing.assert_array_equal(found.table, [0, 0, 0])
    assert found.mask_id == 4 and completed(Baselines(), network).source == TRAIN_MEAN


def test_blur_leaves_a_flat_film_alone() -> None:
    np.testing.assert_allclose(blurred(np.full((20, 20), 0.3, np.float32)), 0.3, rtol=1e-6)
