"""Items of MIMIC: the shipped rules fit the shipped cohorts, and rows become events as they say."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.sources.mimic_items import CHART_COLUMNS, ItemRule, ItemRules, Scale, gcs_totals, item_events
from monai_app.cohort.spec import ModalitySpec
from monai_app.cohort.units import conversion
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource


def rule(**fields: object) -> ItemRules:
    return ItemRules(rules=(ItemRule.parse({"code": "X", "table": "chart", "items": (1,), "unit": "kg", **fields}),))


def events_of(rules: ItemRules, *rows: tuple[str | None, str | None, str | None], unit: str = "kg") -> pl.DataFrame:
    whole = [("1", "1", "2150-01-01 00:00:00", *row) for row in rows]
    table = pl.LazyFrame(whole, schema=dict.fromkeys(CHART_COLUMNS, pl.String), orient="row")
    return item_events(table, "chart", rules, {"X": unit})[0]


@pytest.mark.parametrize("cohort", ["mimic3", "mimic4"])
def test_every_channel_is_fed_in_a_unit_that_converts(cohort: str) -> None:
    spec = ModalitySpec.read(resource("configs", "cohorts", f"{cohort}.yaml"))
    assert spec.series is not None and len(spec.series.channels) == 17
    rules = ItemRules.shipped().rules
    for channel in spec.series.channels:
        feeding = [given for given in rules if given.code in channel.codes]
        assert feeding, channel.name
        for given in feeding:
            conversion(given.unit, to=channel.unit, substance=given.substance)


def test_no_item_feeds_two_codes() -> None:
    for table in ("chart", "lab"):
        items = [item for given in ItemRules.shipped().rules if given.table == table for item in given.items]
        assert len(items) == len(set(items))


def test_the_unit_of_the_row_wins_over_that_of_the_rule() -> None:
    found = events_of(rule(), ("10", "10", "kg"), ("10", "10", "lbs"), ("10", "10", None))
    assert sorted(found["numeric_value"]) == pytest.approx([4.5359237, 10, 10])


def test_units_of_another_quantity_are_left_out_and_counted() -> None:
    rules = rule(left_out_units=("torr",))
    table = pl.LazyFrame([("1", "1", "2150-01-01 00:00:00", "10", "10", "torr")], schema=CHART_COLUMNS, orient="row")
    found, left_out = item_events(table.cast(pl.String), "chart", rules, {"X": "kg"})
    assert found.is_empty() and left_out["in a unit of another quantity"] == 1


def test_percent_or_fraction_ignores_the_unit() -> None:
    rules = rule(unit="1", scale=Scale.PERCENT_OR_FRACTION)
    found = events_of(rules, ("50", "50", "torr"), (".5", ".5", "torr"), ("1", "1", None), unit="1")
    assert found["numeric_value"].to_list() == [0.5, 0.5, 1.0]


def test_a_number_beside_a_limit_does_not_count() -> None:
    found = events_of(rule(), (">100", "100", "kg"), ("LESS THAN 5", "5", "kg"), ("ERROR", None, "kg"))
    assert found.select("numeric_value", "censored").rows() == [(None, 1), (None, -1)]


def test_the_unit_that_is_not_known_is_named() -> None:
    with pytest.raises(InputRejected, match="UNIT_UNKNOWN.*stone"):
        events_of(rule(), ("10", "10", "stone"))


def test_a_charted_total_is_not_replaced() -> None:
    parts = [("GCS_EYE", 4.0), ("GCS_MOTOR", 6.0), ("GCS_VERBAL", 5.0)]
    base = events_of(rule(), ("1", "1", "kg")).head(1)
    scored = pl.concat([base.with_columns(code=pl.lit(code), numeric_value=pl.lit(v, pl.Float32)) for code, v in parts])
    assert gcs_totals(scored)["numeric_value"].to_list() == [15.0]
    assert gcs_totals(scored.head(2)).is_empty()
    assert gcs_totals(pl.concat([scored, base.with_columns(code=pl.lit("GCS_TOTAL"))])).is_empty()
