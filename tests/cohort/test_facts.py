"""The last known value: static facts count from the start, ties do not depend on the order of rows."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.facts import as_text, collect_facts, last_known
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import PREDICTION, event, events


def facts(*rows: tuple) -> pl.DataFrame:
    sampled = events(list(rows)).with_columns(sample=pl.col("subject_id") - 1, prediction_time=pl.lit(PREDICTION))
    return collect_facts(sampled.lazy(), ["HR", "AGE", "GENDER"])


def last(*rows: tuple, hours: float | None = None) -> list[float | None]:
    return last_known(facts(*rows), ["HR", "AGE"], hours=hours).sort("sample")["numeric_value"].to_list()


def test_latest_value_wins_whatever_the_order_of_rows() -> None:
    rows = [event(1, 1, "HR", 60), event(1, 3, "HR", 80), event(1, 2, "HR", 99), event(2, 1, "HR", 70)]
    assert last(*rows) == last(*reversed(rows)) == [80, 70]


def test_tie_in_time_is_broken_by_value() -> None:
    rows = [event(1, 1, "HR", 60), event(1, 1, "HR", 61)]
    assert last(*rows) == last(*reversed(rows)) == [61]


def test_timed_fact_comes_after_a_static_one() -> None:
    assert last(event(1, 0.5, "AGE", 41), event(1, None, "AGE", 40)) == [41]


def test_window_lets_static_facts_through_and_old_ones_not() -> None:
    assert last(event(1, None, "AGE", 40), event(2, 1, "HR", 60), event(3, 4, "HR", 70), hours=2) == [40, 70]


def test_rows_that_say_nothing_are_left_out_and_censored_ones_kept() -> None:
    assert last(event(1, 1, "HR", 60), event(1, 2, "HR")) == [60]
    assert last(event(1, 1, "HR", 60), event(1, 2, "HR", None, None, 1)) == [None]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_not_finite_value_is_refused(value: float) -> None:
    with pytest.raises(InputRejected, match="NOT_FINITE"):
        facts(event(1, 1, "HR", value))


def test_category_may_be_text_or_a_number() -> None:
    rows = facts(event(1, None, "GENDER", None, "F"), event(2, None, "GENDER", 1.0), event(3, None, "GENDER", 1.5))
    assert rows.select(as_text().alias("text"))["text"].to_list() == ["F", "1", "1.5"]
