"""The gap is told in parts of the change; imputed values are counted by attribution."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.explain.attribution_map import SMALLEST_CHANGE, AttributionMap, completeness_gap


def made(values: list[float], imputed: list[bool] | None) -> AttributionMap:
    features, carried = np.ones(len(values), np.bool_), None if imputed is None else np.array(imputed)
    return AttributionMap("series", "m", np.array(values, np.float32), 2.0, 1.0, "b", 1, features, carried)


def test_gap_is_the_missing_part() -> None:
    assert made([0.5, 0.25], None).gap == pytest.approx(0.25) and made([2, -1], None).gap == pytest.approx(0)
    assert completeness_gap(0.0, SMALLEST_CHANGE / 10) == pytest.approx(0.1)


def test_imputed_share_counts_both_signs() -> None:
    assert made([1, -2, 1], [False, True, False]).imputed_share == pytest.approx(0.5)
    assert made([1, 1], None).imputed_share == 0 and made([0, 0], [True, True]).imputed_share == 0
