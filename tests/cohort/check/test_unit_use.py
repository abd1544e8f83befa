"""Units: those of the spec are sound, others are told apart by who reads them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.check.unit_use import check_units
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import event, small_content, usual_rows


def found(folder: Path, code: str, unit: str | None) -> dict[str, int]:
    content = small_content(rows=[*usual_rows(), event(1, 1, "ODD", 1.0)])
    codes = content.codes.filter(pl.col("code") != code).select("code", "description", "unit")
    more = pl.DataFrame({"code": [code, "ODD"], "description": ["", ""], "unit": [unit, "kg"]}, schema=codes.schema)
    content.codes = pl.concat([codes, more]).unique(subset="code", keep="first", maintain_order=True)
    write_cohort(folder, content)
    return {finding.code: finding.count for finding in check_units(Cohort(folder))}


@pytest.mark.parametrize(
    ("code", "unit", "expected"),
    [
        ("HR", "/min", {}),
        ("HR", None, {"UNIT_MISSING": 1}),
        ("HR", "kg", {"UNIT_MISMATCH": 1}),
        ("HR", "beats", {"UNIT_UNKNOWN": 1, "UNIT_MISMATCH": 1}),
        ("ODD", None, {"UNIT_MISSING_UNUSED": 1}),
        ("ODD", "furlong", {"UNIT_UNKNOWN": 1}),
    ],
)
def test_unit_of_a_number(tmp_path: Path, code: str, unit: str | None, expected: dict[str, int]) -> None:
    assert found(tmp_path / "c", code, unit) == expected
