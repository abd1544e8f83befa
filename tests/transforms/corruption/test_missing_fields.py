"""Missing fields: whole fields, a category's columns together, detection limits too."""

from __future__ import annotations

import itertools

import numpy as np

from monai_app.transforms.corruption.missing_fields import MissingFieldsd
from tests.transforms.corruption.samples import SPEC, corrupted, table

TABLE = SPEC.modalities.table


def test_columns_of_a_category_go_together() -> None:
    lost = MissingFieldsd("table", 1, table=TABLE).apply(table(), {"fields": ["sex"]})
    assert np.isnan(lost[0, 1:3]).all()
    np.testing.assert_array_equal(np.delete(lost, [1, 2], 1), np.delete(table(), [1, 2], 1))


def test_lost_detection_limit_leaves_no_flag() -> None:
    lost = MissingFieldsd("table", 1, table=TABLE).apply(table(), {"fields": ["fact_3"]})
    assert table()[1, 6] == 1 and lost[1, 6] == 0 and np.isnan(lost[0, 6])


def test_only_known_fields_are_drawn_and_worse_loses_the_same_and_more() -> None:
    lost = [set(corrupted(MissingFieldsd("table", level, table=TABLE), 4)[1]["fields"]) for level in range(1, 6)]
    assert all(less <= more for less, more in itertools.pairwise(lost))
    assert "fact_1" not in lost[-1] and len(lost[-1]) == 6
