"""Detection limits: ``inf``, ``-inf``, ``>600``, ``LESS THAN 0.3`` say above or below, never how much.

Such a value becomes a null number with ``censored`` +1 or -1, so that no mean, statistic or network can take a limit
for a measurement.
"""

from __future__ import annotations

import polars as pl

ABOVE = 1
"""``censored`` of a value above the upper limit."""

BELOW = -1
"""``censored`` of a value below the lower limit."""

_ABOVE_TEXT = r"^(?:\+?inf(?:inity)?|(?:>=?|≥|greater than|more than).*)$"
_BELOW_TEXT = r"^(?:-inf(?:inity)?|(?:<=?|≤|less than).*)$"


def measured(value: pl.Expr) -> pl.Expr:
    """The number itself; null where the text is a limit, no number, or not finite.

    Args:
        value: a column of text or of numbers.
    """
    number = value.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number).otherwise(None)


def censored(value: pl.Expr) -> pl.Expr:
    """+1 above a limit, -1 below one, 0 measured, null where there is neither a limit nor a number (Int8)."""
    text = value.cast(pl.String).str.strip_chars().str.to_lowercase()
    flag = (
        pl.when(text.str.contains(_ABOVE_TEXT))
        .then(ABOVE)
        .when(text.str.contains(_BELOW_TEXT))
        .then(BELOW)
        .when(measured(value).is_not_null())
        .then(0)
    )
    return flag.cast(pl.Int8)
