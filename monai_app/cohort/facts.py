"""The last known value of a fact at the prediction time; static facts (no time) count as known from the start."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from monai_app.core.errors import InputRejected

FACT_COLUMNS = ("sample", "prediction_time", "time", "code", "numeric_value", "text_value", "censored")


def within_hours(hours: float | None) -> pl.Expr:
    """Whether a row lies at most ``hours`` before its prediction time (None: always); static rows always do."""
    if hours is None:
        return pl.lit(True)
    age = pl.col("prediction_time") - pl.col("time")
    return pl.col("time").is_null() | (age <= pl.duration(seconds=round(hours * 3600)))


def collect_facts(events: pl.LazyFrame, codes: Sequence[str]) -> pl.DataFrame:
    """The visible events of these codes that say anything, ordered so that the last row of a sample is its latest.

    Ties in time are broken by value (the larger one is later), so that the order of rows in a file cannot matter.

    Raises:
        InputRejected: ``NOT_FINITE``.
    """
    wanted = events.filter(pl.col("code").is_in(sorted(set(codes)))).select(FACT_COLUMNS)
    says = (
        pl.col("numeric_value").is_not_null()
        | pl.col("text_value").is_not_null()
        | (pl.col("censored").fill_null(0) != 0)
    )
    order = ["sample", "time", "numeric_value", "text_value", "censored", "code"]
    facts = wanted.filter(says).collect().sort(order, nulls_last=False)
    if facts.filter(~pl.col("numeric_value").is_finite()).height:
        raise InputRejected(
            "NOT_FINITE", "events hold NaN or infinite values", expected="numbers, or null with a censored flag"
        )
    return facts


def last_known(facts: pl.DataFrame, codes: Sequence[str], *, hours: float | None = None) -> pl.DataFrame:
    """One row a sample: its latest fact among ``codes``.

    Args:
        facts: from :func:`collect_facts`.
        codes: the codes of one field.
        hours: how long before the prediction time a timed fact may lie (None: no limit).
    """
    here = facts.filter(pl.col("code").is_in(list(codes)) & within_hours(hours))
    return here.group_by("sample", maintain_order=True).last()


def as_text() -> pl.Expr:
    """A categorical fact as text: ``text_value``, or ``numeric_value`` written as an integer where it is one."""
    number = pl.col("numeric_value")
    whole = number.round(0).cast(pl.Int64, strict=False).cast(pl.String)
    written = pl.when(number == number.round(0)).then(whole).otherwise(number.cast(pl.String))
    return pl.coalesce(pl.col("text_value"), written)
