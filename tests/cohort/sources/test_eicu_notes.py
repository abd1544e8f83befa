"""Click paths as phrases."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.sources.eicu_notes import phrase


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a/HR/HR Lowest", "98", "HR Lowest 98"),
        ("a/Heart Sounds/S1 normal", "S1 normal", "Heart Sounds S1 normal"),
        ("a/Motor Score/6", "6", "Motor Score 6"),
        ("a/Hypothyroidism/hypothyroidism", "hypothyroidism", "hypothyroidism"),
        ("a/View/System View", "SystemView", "System View"),
        ("a/Skin/negative", None, "Skin negative"),
        ("alone", "alone", "alone"),
    ],
)
def test_phrase(path: str, text: str | None, expected: str) -> None:
    frame = pl.DataFrame({"path": [path], "text": [text]}, schema={"path": pl.String, "text": pl.String})
    assert frame.select(phrase(pl.col("path"), pl.col("text"))).item() == expected
