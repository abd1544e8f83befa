"""Units: the spellings that hospitals write become UCUM codes, and values are converted as polars expressions.

UCUM: Unified Code for Units of Measure, https://ucum.org. Mass and molar concentrations differ by the molar mass of the
substance, equivalents by its valence, so those conversions name the substance.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from monai_app.core.errors import InputRejected


class Unit(NamedTuple):
    """A unit as ``base = (value + shift) * factor``.

    Attributes:
        ucum: its UCUM code.
        dimension: what it measures; only units of one dimension convert into each other.
        factor: size in the base unit of the dimension.
        shift: added before scaling (temperatures only).
    """

    ucum: str
    dimension: str
    factor: float
    shift: float = 0.0


class Substance(NamedTuple):
    """What converts mass to moles and moles to equivalents."""

    molar_mass_g_per_mol: float
    valence: int = 1


_UNITS = (
    Unit("Cel", "temperature", 1.0),
    Unit("[degF]", "temperature", 5 / 9, -32.0),
    Unit("K", "temperature", 1.0, -273.15),
    Unit("kg", "mass", 1.0),
    Unit("g", "mass", 1e-3),
    Unit("mg", "mass", 1e-6),
    Unit("pg", "mass", 1e-15),
    Unit("[lb_av]", "mass", 0.45359237),
    Unit("[oz_av]", "mass", 0.028349523125),
    Unit("cm", "length", 1.0),
    Unit("m", "length", 100.0),
    Unit("mm", "length", 0.1),
    Unit("[in_i]", "length", 2.54),
    Unit("[ft_i]", "length", 30.48),
    Unit("mm[Hg]", "pressure", 1.0),
    Unit("kPa", "pressure", 7.500616827),
    Unit("cm[H2O]", "pressure", 0.735559240),
    Unit("1", "ratio", 1.0),
    Unit("%", "ratio", 0.01),
    Unit("[pH]", "acidity", 1.0),
    Unit("{INR}", "coagulation ratio", 1.0),
    Unit("{score}", "score", 1.0),
    Unit("g/L", "mass concentration", 1.0),
    Unit("g/dL", "mass concentration", 10.0),
    Unit("mg/dL", "mass concentration", 1e-2),
    Unit("mg/L", "mass concentration", 1e-3),
    Unit("ug/dL", "mass concentration", 1e-5),
    Unit("ug/L", "mass concentration", 1e-6),
    Unit("ug/mL", "mass concentration", 1e-3),
    Unit("ng/mL", "mass concentration", 1e-6),
    Unit("ng/dL", "mass concentration", 1e-8),
    Unit("ng/L", "mass concentration", 1e-9),
    Unit("pg/mL", "mass concentration", 1e-9),
    Unit("mol/L", "molar concentration", 1.0),
    Unit("mmol/L", "molar concentration", 1e-3),
    Unit("umol/L", "molar concentration", 1e-6),
    Unit("nmol/L", "molar concentration", 1e-9),
    Unit("meq/L", "equivalent concentration", 1e-3),
    Unit("U/L", "catalytic concentration", 1.0),
    Unit("[IU]/L", "catalytic concentration", 1.0),
    Unit("ukat/L", "catalytic concentration", 60.0),
    Unit("10*9/L", "number concentration", 1.0),
    Unit("10*3/uL", "number concentration", 1.0),
    Unit("10*12/L", "number concentration", 1e3),
    Unit("10*6/uL", "number concentration", 1e3),
    Unit("/uL", "number concentration", 1e-3),
    Unit("/min", "rate", 1.0),
    Unit("Hz", "rate", 60.0),
    Unit("s", "time", 1.0),
    Unit("min", "time", 60.0),
    Unit("h", "time", 3600.0),
    Unit("d", "time", 86400.0),
    Unit("a", "time", 31557600.0),
    Unit("mL", "volume", 1.0),
    Unit("L", "volume", 1e3),
    Unit("fL", "volume", 1e-12),
    Unit("mL/min", "flow", 1.0),
    Unit("L/min", "flow", 1e3),
    Unit("mL/h", "flow", 1 / 60),
    Unit("mL/min/{1.73_m2}", "indexed flow", 1.0),
    Unit("kg/m2", "mass per area", 1.0),
    Unit("{pack}.a", "smoking", 1.0),
    Unit("mosm/kg", "osmolality", 1.0),
)

_SPELLINGS = {
    "Cel": "C degC celsius deg.C",
    "[degF]": "F degF fahrenheit deg.F ?F",
    "[lb_av]": "lb lbs pound pounds",
    "[oz_av]": "oz ounces",
    "kg": "kgs",
    "[in_i]": "in inch inches",
    "[ft_i]": "ft feet",
    "mm[Hg]": "mmHg mm(hg)",
    "cm[H2O]": "cmH2O",
    "1": "fraction",
    "%": "percent %sat.",
    "[pH]": "pH",
    "{INR}": "INR",
    "{score}": "points",
    "mg/dL": "mg% mg/100mL",
    "ug/L": "mcg/L",
    "ug/dL": "mcg/dL",
    "ug/mL": "mcg/mL",
    "meq/L": "mEq/L",
    "[IU]/L": "IU/L units/L",
    "10*9/L": "10^9/L",
    "10*3/uL": "K/uL 10^3/uL Tsd/uL thou/uL x1000/uL 10*3/mm3",
    "10*12/L": "10^12/L",
    "10*6/uL": "M/uL 10^6/uL",
    "/uL": "#/uL cells/uL /mm3 cells/mm3",
    "/min": "bpm beats/min breaths/min insp/min 1/min",
    "s": "sec secs seconds",
    "min": "minutes",
    "h": "hr hours",
    "d": "day days",
    "a": "year years yr yrs",
    "mL": "cc",
    "mL/h": "mL/hr",
    "mosm/kg": "mOsm/kg",
}

SUBSTANCES = {
    "albumin": Substance(66_500.0),
    "bicarbonate": Substance(61.017),
    "bilirubin": Substance(584.66),
    "calcium": Substance(40.078, 2),
    "chloride": Substance(35.453),
    "cholesterol": Substance(386.65),
    "creatinine": Substance(113.12),
    "glucose": Substance(180.156),
    "hemoglobin": Substance(16_114.0),
    "lactate": Substance(89.07),
    "magnesium": Substance(24.305, 2),
    "phosphorus": Substance(30.974),
    "potassium": Substance(39.098),
    "sodium": Substance(22.990),
    "urea_nitrogen": Substance(28.014),
    "uric_acid": Substance(168.11),
}
"""Substances whose mass and molar concentrations are both in use (haemoglobin as the monomer)."""

_MICRO = str.maketrans({"µ": "u", "μ": "u", "°": "", " ": ""})
_BY_UCUM = {unit.ucum: unit for unit in _UNITS}


def _key(spelling: str) -> str:
    return spelling.translate(_MICRO).casefold()


_BY_SPELLING = {_key(unit.ucum): unit for unit in reversed(_UNITS)} | {
    _key(spelling): _BY_UCUM[ucum] for ucum, spellings in _SPELLINGS.items() for spelling in spellings.split()
}

UCUM_CODES = frozenset(_BY_UCUM)
"""The UCUM codes this module knows; a code table may name any of them."""


def find_unit(spelling: str | None) -> Unit:
    """The unit a hospital's spelling means: ``"Deg. F"`` is ``[degF]``, ``"K/µL"`` is ``10*3/uL``.

    Raises:
        InputRejected: ``UNIT_UNKNOWN`` naming the spelling.
    """
    unit = _BY_SPELLING.get(_key(spelling)) if spelling is not None else None
    if unit is None:
        raise InputRejected(
            "UNIT_UNKNOWN",
            "a value has a unit that is not known",
            got=f"unit {spelling!r}" if spelling is not None else "no unit",
            expected="a UCUM code or a common clinical spelling",
            remedy="Name the unit of these rows, or leave them out, before building the cohort.",
        )
    return unit


def conversion(unit: str | None, *, to: str, substance: str | None = None) -> tuple[float, float]:
    """``(slope, intercept)`` of ``value_in_to = value * slope + intercept``.

    Args:
        unit: spelling of the source unit.
        to: UCUM code of the target unit.
        substance: key of :data:`SUBSTANCES`, needed between mass, molar and equivalent concentrations.

    Raises:
        InputRejected: ``UNIT_UNKNOWN``; ``UNIT_INCOMPATIBLE`` when the two measure different things.
    """
    source, target = find_unit(unit), find_unit(to)
    scale = source.factor / target.factor
    if source.dimension != target.dimension:
        scale *= _grams_per(source, target, substance) / _grams_per(target, source, substance)
    return scale, source.shift * scale - target.shift


def _grams_per(unit: Unit, other: Unit, substance: str | None) -> float:
    """Grams in one base unit of a concentration (1 g, 1 mol or 1 eq)."""
    known = SUBSTANCES.get(substance) if substance is not None else None
    if known is not None and unit.dimension == "mass concentration":
        return 1.0
    if known is not None and unit.dimension == "molar concentration":
        return known.molar_mass_g_per_mol
    if known is not None and unit.dimension == "equivalent concentration":
        return known.molar_mass_g_per_mol / known.valence
    raise InputRejected(
        "UNIT_INCOMPATIBLE",
        "two units measure different things",
        got=f"units {unit.ucum!r} and {other.ucum!r} for {substance or 'no named substance'}",
        expected=f"the same dimension, or concentrations of one of {', '.join(SUBSTANCES)}",
    )


def to_ucum(value: pl.Expr, unit: str | None, *, to: str, substance: str | None = None) -> pl.Expr:
    """Values of one unit in the unit ``to``: ``to_ucum(pl.col("temp"), "Deg. F", to="Cel")``.

    Raises:
        InputRejected: as :func:`conversion`.
    """
    slope, intercept = conversion(unit, to=to, substance=substance)
    return value.cast(pl.Float64) * slope + intercept


def column_to_ucum(
    value: pl.Expr, unit: pl.Expr, found: Iterable[str | None], *, to: str, substance: str | None = None
) -> pl.Expr:
    """Values whose unit stands in another column, in the unit ``to``.

    Args:
        value: the numbers.
        unit: the spelling of each row's unit.
        found: the distinct spellings in the data, null included; each must be known, so that no row is dropped
            in silence.
        to: as in :func:`conversion`.
        substance: as in :func:`conversion`.

    Raises:
        InputRejected: as :func:`conversion`, for any of ``found``.
    """
    lines = {spelling: conversion(spelling, to=to, substance=substance) for spelling in found}
    slope = unit.replace_strict({key: line[0] for key, line in lines.items()}, return_dtype=pl.Float64)
    intercept = unit.replace_strict({key: line[1] for key, line in lines.items()}, return_dtype=pl.Float64)
    return value.cast(pl.Float64) * slope + intercept
