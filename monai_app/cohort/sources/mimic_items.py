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
_SLICE_ROWS = 1 << 22
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
    tables: Mapping[Literal["chart", "lab"], pl.LazyFrame], modalities: ModalitySpec, subjects: pl.Series
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """All values that the series and the table of a cohort read, with the Glasgow totals, and what was left out.

    Args:
        tables: as :func:`item_events` takes them.
        modalities: whose channels and fields name the codes and their units.
        subjects: the patients of the cohort; rows of others are not kept in memory.

    Raises:
        InputRejected: as :func:`item_events`.
    """
    series, table = modalities.series, modalities.table
    units = {code: channel.unit for channel in (series.channels if series else ()) for code in channel.codes}
    units |= {code: field.unit for field in (table.fields if table else ()) for code in field.codes}
    rules, frames, changes = ItemRules.shipped(), [], []
    wanted = subjects.cast(pl.String).implode()
    for name, scanned in tables.items():
        events, left_out = item_events(scanned.filter(pl.col("subject_id").is_in(wanted)), name, rules, units)
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
    numbered = rows.drop_nulls("censored")
    lines = _unit_lines(numbered, chosen, units)
    number = pl.when(pl.col("by_size") & (pl.col("number") > 1)).then(pl.col("number") / 100).otherwise("number")
    value = number * pl.col("slope") + pl.col("intercept")
    frames = [pl.DataFrame(schema=EVENT_SCHEMA)]
    for part in numbered.iter_slices(_SLICE_ROWS):  # a slice at a time: the join widens its rows
        joined = part.join(lines, on=["item", "valueuom"], how="inner", nulls_equal=True, maintain_order="left")
        converted = joined.with_columns(value.alias("numeric_value"))
        frames.append(converted.select(pl.col(column).cast(dtype) for column, dtype in EVENT_SCHEMA.items()))
    events = pl.concat(frames)
    left_out = {
        "without a number or a time": rows.height - numbered.height,
        "in a unit of another quantity": numbered.height - events.height,
    }
    return events, left_out


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
    """subject_id, time, item, number, censored (null where there is neither number nor limit), valueuom.

    Written without ``replace``, for which polars would take the whole table into memory.
    """
    items = [str(item) for rule in rules for item in rule.items]
    texts = {text: number for rule in rules for text, number in rule.texts.items()}
    scores = [pl.when(pl.col("odd") == text).then(pl.lit(float(score))) for text, score in texts.items()]
    wanted = table.filter(pl.col("itemid").is_in(items))
    if "error" in table.collect_schema().names():
        wanted = wanted.filter(pl.col("error").fill_null("0") != "1")
    rows = (
        wanted.select(
            subject_id=pl.col("subject_id").cast(pl.Int64, strict=False),
            time=pl.col("charttime").str.to_datetime(TIME_FORMAT, time_unit="us", strict=False),
            item=pl.col("itemid").cast(pl.Int32),
            text=pl.col("value").str.strip_chars(),
            beside=measured(pl.col("valuenum")),
            valueuom=pl.when(pl.col("valueuom") != "").then("valueuom").cast(pl.Categorical),
        )
        .with_columns(plain=measured(pl.col("text")))
        .with_columns(odd=pl.when(pl.col("plain").is_null()).then("text"))  # few: only these need patterns
        .with_columns(score=pl.coalesce(*scores, pl.lit(None, pl.Float64)))
        .with_columns(flag=pl.when(pl.col("score").is_null()).then(censored(pl.col("odd"))).fill_null(0))
        .with_columns(number=pl.when(pl.col("flag") == 0).then(pl.coalesce("score", "beside", "plain")))
    )
    known = pl.col("time").is_not_null() & pl.col("subject_id").is_not_null()
    state = pl.when(known & ((pl.col("flag") != 0) | pl.col("number").is_not_null())).then("flag")
    columns = ("subject_id", "time", "item", "number", "valueuom")
    return collected(rows.select(*columns, state.cast(pl.Int8).alias("censored")), table=name)


def _unit_lines(rows: pl.DataFrame, rules: list[ItemRule], units: Mapping[str, str]) -> pl.DataFrame:
    """Of each item and written unit: code, slope, intercept and by_size; units that are left out have no row."""
    rule_of = {item: rule for rule in rules for item in rule.items}
    lines = []
    for item, written in rows.select("item", "valueuom").unique().iter_rows():
        rule = rule_of[item]
        if written in rule.left_out_units:
            continue
        read = written is not None and rule.scale is Scale.UNIT
        unit = rule.spellings.get(written, written) if read else rule.unit
        line = conversion(unit, to=units[rule.code], substance=rule.substance)
        lines.append((item, written, rule.code, *line, rule.scale is Scale.PERCENT_OR_FRACTION))
    schema = {
        "item": pl.Int32,
        "valueuom": pl.Categorical,
        "code": pl.String,
        "slope": pl.Float64,
        "intercept": pl.Float64,
        "by_size": pl.Boolean,
    }
    return pl.DataFrame(lines, schema=schema, orient="row")
