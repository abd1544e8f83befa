"""Chart and laboratory rows of MIMIC as events: items become codes, texts become scores, units become UCUM.

Which items feed a code stands in configs/mimic/items.yaml. Tables are scanned lazily: only the wanted rows and columns
ever stand in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import polars as pl
from pydantic import Field

from monai_app.cohort.censoring import censored, measured
from monai_app.cohort.sources.mimic_files import TIME_FORMAT, collected
from monai_app.cohort.spec import ModalitySpec
from monai_app.cohort.units import conversion
from monai_app.core.records import Record
from monai_app.core.resources import resource

CHART_COLUMNS = ("subject_id", "itemid", "charttime", "value", "valuenum", "valueuom")
"""The columns that both event tables of both versions have."""

EVENT_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "subject_id": pl.Int64,
    "time": pl.Datetime("us"),
    "code": pl.String,
    "numeric_value": pl.Float32,
    "censored": pl.Int8,
}
_GCS_PARTS = ("GCS_EYE", "GCS_MOTOR", "GCS_VERBAL")


class Scale(StrEnum):
    """How the unit of a row is told."""

    UNIT = "unit"
    FIXED = "fixed"
    PERCENT_OR_FRACTION = "percent_or_fraction"


class ItemRule(Record):
    """Items that feed one event code; the fields are explained in configs/mimic/items.yaml."""

    code: str
    table: Literal["chart", "lab"]
    items: tuple[int, ...]
    unit: str
    scale: Scale = Scale.UNIT
    spellings: dict[str, str] = Field(default_factory=dict)
    left_out_units: tuple[str, ...] = ()
    substance: str | None = None
    texts: dict[str, float] = Field(default_factory=dict)


class ItemRules(Record):
    """The content of configs/mimic/items.yaml."""

    rules: tuple[ItemRule, ...]

    @classmethod
    def shipped(cls) -> ItemRules:
        """The shipped rules."""
        return cls.read(resource("configs", "mimic", "items.yaml"))


def read_values(
    tables: Mapping[Literal["chart", "lab"], pl.LazyFrame], modalities: ModalitySpec
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """All values that the series and the table of a cohort read, with the Glasgow totals, and what was left out.

    Raises:
        InputRejected: as :func:`item_events`.
    """
    series, table = modalities.series, modalities.table
    units = {code: channel.unit for channel in (series.channels if series else ()) for code in channel.codes}
    units |= {code: field.unit for field in (table.fields if table else ()) for code in field.codes}
    rules, frames, changes = ItemRules.shipped(), [], []
    for name, scanned in tables.items():
        events, left_out = item_events(scanned, name, rules, units)
        frames.append(events)
        changes += [f"{name} rows {reason} left out: {count}" for reason, count in left_out.items()]
    values = pl.concat(frames)
    return pl.concat([values, gcs_totals(values)]), tuple(changes)


def item_events(
    table: pl.LazyFrame, name: Literal["chart", "lab"], rules: ItemRules, units: Mapping[str, str]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows of one event table that feed a code of ``units``.

    Values written as a limit (``<0.2``, ``GREATER THAN 10``) have no number and are censored; a number beside the text
    does not count. Rows marked as errors are left out, and so are rows without a number.

    Args:
        table: :data:`CHART_COLUMNS` as text and, where there is one, ``error``.
        name: which rules apply.
        rules: items by code.
        units: UCUM unit of each code.

    Returns:
        The events of :data:`EVENT_SCHEMA`, and how many rows were left out by reason.

    Raises:
        InputRejected: ``UNIT_UNKNOWN``, ``UNIT_INCOMPATIBLE``, ``VALUE_INVALID``, ``TABLE_UNREADABLE``.
    """
    chosen = [rule for rule in rules.rules if rule.table == name and rule.code in units]
    rows = _wanted_rows(table, chosen, name)
    rows = rows.join(_unit_lines(rows, chosen, units), on=["rule", "valueuom"], how="left", nulls_equal=True)
    left_out = {
        "without a number or a time": rows["censored"].null_count(),
        "in a unit of another quantity": rows.filter(
            pl.col("slope").is_null() & pl.col("censored").is_not_null()
        ).height,
    }
    codes = {index: rule.code for index, rule in enumerate(chosen)}
    kept = rows.filter(pl.col("censored").is_not_null() & pl.col("slope").is_not_null()).with_columns(
        (pl.col("number") * pl.col("slope") + pl.col("intercept")).alias("numeric_value"),
        pl.col("rule").replace_strict(codes, return_dtype=pl.String).alias("code"),
    )
    return kept.select(pl.col(column).cast(dtype) for column, dtype in EVENT_SCHEMA.items()), left_out


def gcs_totals(events: pl.DataFrame) -> pl.DataFrame:
    """Sums of eye, motor and verbal scores charted at one time, where no total was charted (MetaVision has none)."""
    keys = ["subject_id", "time"]
    charted = events.filter(pl.col("code") == "GCS_TOTAL").select(keys).unique()
    parts = events.filter(pl.col("code").is_in(_GCS_PARTS)).group_by(*keys, "code").agg(pl.col("numeric_value").max())
    whole = parts.group_by(keys).agg(pl.len(), pl.col("numeric_value").sum()).filter(pl.col("len") == len(_GCS_PARTS))
    totals = whole.join(charted, on=keys, how="anti").with_columns(
        pl.lit("GCS_TOTAL").alias("code"), pl.lit(0, pl.Int8).alias("censored")
    )
    return totals.select(pl.col(column).cast(dtype) for column, dtype in EVENT_SCHEMA.items())


def _wanted_rows(table: pl.LazyFrame, rules: list[ItemRule], name: str) -> pl.DataFrame:
    """subject_id, time, rule, number, censored, valueuom (null where the rule does not read it)."""
    rule_of = {str(item): index for index, rule in enumerate(rules) for item in rule.items}
    texts = {text: number for rule in rules for text, number in rule.texts.items()}
    wanted = table.filter(pl.col("itemid").is_in(list(rule_of)))
    if "error" in table.collect_schema().names():
        wanted = wanted.filter(pl.col("error").fill_null("0") != "1")
    by_size = [index for index, given in enumerate(rules) if given.scale is Scale.PERCENT_OR_FRACTION]
    unread = [index for index, given in enumerate(rules) if given.scale is not Scale.UNIT]
    number = pl.col("number")
    rows = (
        wanted.select(
            subject_id=pl.col("subject_id").cast(pl.Int64, strict=False),
            time=pl.col("charttime").str.to_datetime(TIME_FORMAT, time_unit="us", strict=False),
            rule=pl.col("itemid").replace_strict(rule_of, default=None, return_dtype=pl.Int32),
            text=pl.col("value").str.strip_chars(),
            beside=measured(pl.col("valuenum")),
            valueuom=pl.col("valueuom").replace("", None),
        )
        .with_columns(plain=measured(pl.col("text")))
        .with_columns(odd=pl.when(pl.col("plain").is_null()).then("text"))  # few: only these need patterns
        .with_columns(score=pl.col("odd").replace_strict(texts, default=None, return_dtype=pl.Float64))
        .with_columns(flag=pl.when(pl.col("score").is_null()).then(censored(pl.col("odd"))).fill_null(0))
        .with_columns(number=pl.when(pl.col("flag") == 0).then(pl.coalesce("score", "beside", "plain")))
    )
    known = pl.col("time").is_not_null() & pl.col("subject_id").is_not_null()
    shaped = rows.select(
        "subject_id",
        "time",
        "rule",
        number=pl.when(pl.col("rule").is_in(by_size) & (number > 1)).then(number / 100).otherwise(number),
        censored=pl.when(known & ((pl.col("flag") != 0) | number.is_not_null())).then("flag").cast(pl.Int8),
        valueuom=pl.when(~pl.col("rule").is_in(unread)).then("valueuom"),
    )
    return collected(shaped, table=name)


def _unit_lines(rows: pl.DataFrame, rules: list[ItemRule], units: Mapping[str, str]) -> pl.DataFrame:
    """Slope and intercept of each unit a rule's rows are written in; null for units that are left out."""
    lines = []
    for index, written in rows.select("rule", "valueuom").unique().iter_rows():
        rule = rules[index]
        if written in rule.left_out_units:
            continue
        unit = rule.unit if written is None else rule.spellings.get(written, written)
        lines.append((index, written, *conversion(unit, to=units[rule.code], substance=rule.substance)))
    schema = {"rule": pl.Int32, "valueuom": pl.String, "slope": pl.Float64, "intercept": pl.Float64}
    return pl.DataFrame(lines, schema=schema, orient="row")
