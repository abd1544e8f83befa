from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.generate.synthetic.columns import cohort_columns, targets
from monai_app.generate.synthetic.stated import stated_records
from tests.faults.cohorts import small_content

RECORD = small_content().record
COLUMNS = cohort_columns(RECORD, {})


def test_only_what_is_stated_and_categories_are_known() -> None:
    wanted = targets(COLUMNS, RECORD, {"pneumonia": 0.3}, {"sex=F": 0.5})
    values = stated_records(COLUMNS, wanted, 50, np.random.default_rng(0))
    known = {key for key, column in zip(COLUMNS.keys, values.T, strict=True) if np.isfinite(column).any()}
    assert known == {"table/sex=F", "table/sex=M", "labels/diagnosis.pneumonia", "present/film", "present/note"}


def test_one_class_is_drawn_where_one_is_stated() -> None:
    wanted = targets(COLUMNS, RECORD, {"place=ward": 0.3}, {})
    values = stated_records(COLUMNS, wanted, 50, np.random.default_rng(0))
    places = [COLUMNS.places[f"labels/place.place={name}"] for name in ("home", "ward", "unit")]
    np.testing.assert_array_equal(values[:, places].sum(axis=1), 1.0)


def test_no_stated_label_is_refused() -> None:
    with pytest.raises(InputRejected, match="NOTHING_STATED"):
        stated_records(COLUMNS, targets(COLUMNS, RECORD, {}, {"sex=F": 0.5}), 5, np.random.default_rng(0))
