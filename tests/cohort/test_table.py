"""The table holds the last plausible value that was known."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.spec import TableField, TableSpec
from monai_app.cohort.table import table_values
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import PREDICTION, event, events


def values(field: TableField, rows: list[Any]) -> np.ndarray:
    """``(2, columns)`` of one sample."""
    visible = events(rows).lazy().with_columns(sample=pl.lit(0), prediction_time=pl.lit(PREDICTION))
    return table_values(visible, TableSpec(fields=(field,)), 1)[0]


WEIGHT = TableField(name="weight", codes=("WEIGHT", "MASS"), unit="kg", low=25, high=350)


def test_the_latest_value_wins_over_static_and_earlier_ones() -> None:
    rows = [event(1, 4, "WEIGHT", 72), event(1, None, "WEIGHT", 70), event(1, 5, "MASS", 74)]
    assert values(WEIGHT, rows)[0] == 74


def test_an_implausible_value_does_not_hide_a_plausible_one() -> None:
    assert values(WEIGHT, [event(1, 4, "WEIGHT", 72), event(1, 5, "WEIGHT", 0)])[0] == 72


def test_ties_are_broken_by_value_not_by_row_order() -> None:
    rows = [event(1, 4, "WEIGHT", 72), event(1, 4, "MASS", 71)]
    assert values(WEIGHT, rows)[0] == values(WEIGHT, rows[::-1])[0] == 72


def test_a_window_leaves_old_facts_out_but_keeps_static_ones() -> None:
    recent = WEIGHT.model_copy(update={"hours": 1.5})
    assert np.isnan(values(recent, [event(1, 4, "WEIGHT", 72)])[0])
    assert values(recent, [event(1, 4, "WEIGHT", 72), event(1, None, "WEIGHT", 70)])[0] == 70


def test_a_measured_value_clears_an_earlier_limit() -> None:
    limit, measured = event(1, 1, "WEIGHT", None, None, 1), event(1, 2, "WEIGHT", 80)
    assert values(WEIGHT, [limit, measured]).ravel().tolist() == [80, 0]
    assert values(WEIGHT, [limit])[1] == 1


def test_a_number_counts_as_its_category() -> None:
    field = TableField(name="unit", codes=("UNIT",), kind="categorical", categories=("1", "2"))
    assert values(field, [event(1, None, "UNIT", 2.0)])[0].tolist() == [0, 1]
    assert values(field, [event(1, None, "UNIT", 3.0)])[0].tolist() == [0, 0]
    assert np.isnan(values(field, [])[0]).all()


def test_infinite_values_are_refused() -> None:
    with pytest.raises(InputRejected, match="NOT_FINITE"):
        values(WEIGHT, [event(1, 4, "WEIGHT", float("inf"))])
