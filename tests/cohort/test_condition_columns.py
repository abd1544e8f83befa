"""Columns of a label condition, and values outside what the training has seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from monai_app.cohort.condition_columns import condition_columns, outside_ranges, with_ranges
from monai_app.cohort.spec import TaskSpec
from tests.engines.tiny import SPEC, tiny_items


def item(**changes: Any) -> dict[str, Any]:
    return {**tiny_items(1)[0], **changes}


def test_yes_and_no_labels_are_columns_and_values_are_not() -> None:
    tasks = (
        TaskSpec(name="death", kind="binary"),
        TaskSpec(name="findings", kind="multilabel", classes=("a", "b")),
        TaskSpec(name="type", kind="multiclass", classes=("x", "y")),
        TaskSpec(name="stay", kind="regression", unit="d"),
        TaskSpec(name="alive", kind="survival", unit="d", bin_edges=(1.0,)),
    )
    assert condition_columns(tasks) == ("death", "a", "b", "type=x", "type=y")


def test_what_was_trained_on_lies_inside_and_what_exceeds_it_is_named() -> None:
    items = tiny_items(20)
    spec = with_ranges(SPEC, items)
    assert set(spec.ranges) == {"age", "series.a", "series.b"}
    assert not any(outside_ranges(spec, seen) for seen in items)
    assert outside_ranges(spec, item(table=np.array([[1e3], [0.0]], np.float32))) == ["age"]
    grid = np.ones((3, 6, 2), np.float32)
    grid[0, 2, 1] = 1e4
    assert outside_ranges(spec, item(series=grid, series_present=True)) == ["series.b"]


def test_unknown_values_and_unobserved_steps_are_not_outside() -> None:
    spec = with_ranges(SPEC, tiny_items(20))
    grid = np.full((3, 6, 2), 1e4, np.float32)
    grid[1] = 0
    strange = item(series=grid, series_present=True, table=np.full((2, 1), np.nan, np.float32))
    assert outside_ranges(spec, strange) == []
    assert outside_ranges(spec, item(series_present=False, table_present=False)) == []


def test_the_ranges_travel_with_the_spec() -> None:
    spec = with_ranges(SPEC, tiny_items(5))
    assert type(spec).model_validate_json(spec.model_dump_json()) == spec
