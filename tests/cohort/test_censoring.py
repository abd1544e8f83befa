"""A detection limit is a flag, never a number."""

from __future__ import annotations

import math

import polars as pl
import pytest

from monai_app.cohort.censoring import censored, measured


def _read(values: list[str | float | None]) -> list[tuple[float | None, int | None]]:
    frame = pl.DataFrame({"v": pl.Series(values, strict=False)})
    return frame.select(measured(pl.col("v")).alias("m"), censored(pl.col("v")).alias("c")).rows()


@pytest.mark.parametrize("text", ["inf", "+inf", "INF", ">600", "> 89", ">=3", "≥ 3", " > 89 "])
def test_above_a_limit(text: str) -> None:
    assert _read([text]) == [(None, 1)]


@pytest.mark.parametrize("text", ["-inf", "-Infinity", "<0.3", "< 5", "<=1", "≤1"])
def test_below_a_limit(text: str) -> None:
    assert _read([text]) == [(None, -1)]


def test_measured_values_pass_unchanged() -> None:
    assert _read(["3.5", " -2 ", "1e3"]) == [(3.5, 0), (-2.0, 0), (1000.0, 0)]


def test_infinite_floats_are_limits() -> None:
    assert _read([math.inf, -math.inf, 4.0, None]) == [(None, 1), (None, -1), (4.0, 0), (None, None)]


@pytest.mark.parametrize("text", ["nan", "pending", "", "-", None])
def test_what_is_no_number_and_no_limit_is_unknown(text: str | None) -> None:
    assert _read([text, "1"])[0] == (None, None)


def test_a_limit_never_moves_a_mean() -> None:
    with_limits = pl.DataFrame({"v": ["2", "4", "inf", "-inf", ">9"]}).select(measured(pl.col("v")).mean()).item()
    assert with_limits == 3.0
