"""Units convert as physics says, and never in silence."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.units import SUBSTANCES, UCUM_CODES, column_to_ucum, conversion, find_unit, to_ucum
from monai_app.core.errors import InputRejected


def _convert(value: float, unit: str, to: str, substance: str | None = None) -> float:
    return pl.select(to_ucum(pl.lit(value), unit, to=to, substance=substance)).item()


@pytest.mark.parametrize(
    ("value", "unit", "to", "substance", "expected"),
    [
        (98.6, "Deg. F", "Cel", None, 37.0),
        (310.15, "K", "Cel", None, 37.0),
        (150.0, "lbs", "kg", None, 68.0388555),
        (70.0, "inches", "cm", None, 177.8),
        (5.5, "mmol/L", "mg/dL", "glucose", 99.0858),
        (88.42, "µmol/L", "mg/dL", "creatinine", 1.0002),
        (17.1, "umol/L", "mg/dL", "bilirubin", 0.99977),
        (18.0, "mg/dL", "mmol/L", "lactate", 2.0209),
        (2.0, "mEq/L", "mg/dL", "magnesium", 2.4305),
        (140.0, "mEq/L", "mmol/L", "sodium", 140.0),
        (10.0, "kPa", "mm[Hg]", None, 75.00617),
        (10.0, "cmH2O", "mm[Hg]", None, 7.3556),
        (0.4, "fraction", "%", None, 40.0),
        (3.2, "Tsd/µl", "10*9/L", None, 3.2),
        (2.0, "mg/L", "ug/mL", None, 2.0),
    ],
)
def test_clinical_conversions(value: float, unit: str, to: str, substance: str | None, expected: float) -> None:
    assert _convert(value, unit, to, substance) == pytest.approx(expected, rel=1e-3)


def test_conversion_there_and_back_is_identity() -> None:
    units = [find_unit(code) for code in UCUM_CODES]
    pairs = [(a.ucum, b.ucum) for a in units for b in units if a.dimension == b.dimension]
    assert len(pairs) > len(units)
    for source, target in pairs:
        assert _convert(_convert(37.5, source, target), target, source) == pytest.approx(37.5)


@pytest.mark.parametrize("substance", sorted(SUBSTANCES))
def test_mass_to_moles_and_back_is_identity(substance: str) -> None:
    moles = _convert(4.2, "mg/dL", "mmol/L", substance)
    assert _convert(_convert(moles, "mmol/L", "meq/L", substance), "meq/L", "mg/dL", substance) == pytest.approx(4.2)


def test_every_code_finds_itself() -> None:
    assert {find_unit(code).ucum for code in UCUM_CODES} == UCUM_CODES


def test_unknown_unit_is_named() -> None:
    with pytest.raises(InputRejected, match=r"UNIT_UNKNOWN.*furlong"):
        to_ucum(pl.lit(1.0), "furlong", to="cm")


def test_missing_unit_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"UNIT_UNKNOWN.*no unit"):
        conversion(None, to="cm")


@pytest.mark.parametrize(
    ("unit", "to", "substance"), [("kg", "cm", None), ("mg/dL", "mmol/L", None), ("U/L", "mg/dL", "glucose")]
)
def test_incompatible_units_are_refused(unit: str, to: str, substance: str | None) -> None:
    with pytest.raises(InputRejected, match="UNIT_INCOMPATIBLE"):
        conversion(unit, to=to, substance=substance)


def test_mixed_unit_column_converts_each_row() -> None:
    rows = pl.DataFrame({"v": [98.6, 37.0, None], "u": ["°F", "C", "C"]})
    expression = column_to_ucum(pl.col("v"), pl.col("u"), rows["u"].unique(), to="Cel")
    assert rows.select(expression.round(6)).to_series().to_list() == [37.0, 37.0, None]


def test_mixed_unit_column_refuses_a_row_without_a_unit() -> None:
    with pytest.raises(InputRejected, match="no unit"):
        column_to_ucum(pl.col("v"), pl.col("u"), ["°F", None], to="Cel")
