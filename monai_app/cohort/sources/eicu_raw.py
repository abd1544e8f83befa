"""Vitals and laboratory values from the raw tables of the full eICU, under the same codes as the hourly ones.

Laboratory values keep their own minute, unit by unit converted; vitals, charted every few minutes, become hourly means
that lie at the end of their hour, as in YAIB. Schema: https://eicu-crd.mit.edu/eicutables/.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from monai_app.cohort.censoring import censored, measured
from monai_app.cohort.sources.eicu_stays import place
from monai_app.cohort.sources.source_files import SourceFolder, collected, numbers
from monai_app.cohort.spec import SeriesSpec
from monai_app.cohort.units import column_to_ucum, to_ucum

TABLES = ("lab", "vitalperiodic")
"""The raw tables that must be there; nursecharting, vitalaperiodic, respiratorycharting, intakeoutput are used too."""

LABS: dict[str, tuple[str, str | None]] = {
    "albumin": ("ALB", "albumin"),
    "alkaline phos.": ("ALP", None),
    "ALT (SGPT)": ("ALT", None),
    "AST (SGOT)": ("AST", None),
    "Base Excess": ("BE", "bicarbonate"),
    "bicarbonate": ("BICAR", "bicarbonate"),
    "total bilirubin": ("BILI", "bilirubin"),
    "direct bilirubin": ("BILI_DIR", "bilirubin"),
    "-bands": ("BND", None),
    "BUN": ("BUN", "urea_nitrogen"),
    "calcium": ("CA", "calcium"),
    "ionized calcium": ("CAI", "calcium"),
    "CPK": ("CK", None),
    "CPK-MB": ("CKMB", None),
    "chloride": ("CL", "chloride"),
    "creatinine": ("CREA", "creatinine"),
    "CRP": ("CRP", None),
    "fibrinogen": ("FGN", None),
    "FiO2": ("FIO2", None),
    "glucose": ("GLU", "glucose"),
    "bedside glucose": ("GLU", "glucose"),
    "Hgb": ("HGB", "hemoglobin"),
    "PT - INR": ("INR_PT", None),
    "potassium": ("K", "potassium"),
    "lactate": ("LACT", "lactate"),
    "-lymphs": ("LYMPH", None),
    "MCH": ("MCH", None),
    "MCHC": ("MCHC", None),
    "MCV": ("MCV", None),
    "Methemoglobin": ("METHB", None),
    "magnesium": ("MG", "magnesium"),
    "sodium": ("NA", "sodium"),
    "-polys": ("NEUT", None),
    "O2 Sat (%)": ("O2SAT", None),
    "paCO2": ("PCO2", None),
    "pH": ("PH", None),
    "phosphate": ("PHOS", "phosphorus"),
    "platelets x 1000": ("PLT", None),
    "paO2": ("PO2", None),
    "PTT": ("PTT", None),
    "troponin - T": ("TNT", None),
    "WBC x 1000": ("WBC", None),
}
"""labname -> code and the substance its unit conversions need."""

_UNITLESS = ("PH", "INR_PT")
"""Laboratory values that have one scale only; their unit column is not read."""
_PERIODIC = {
    "heartrate": ("HR", "/min"),
    "respiration": ("RESP", "/min"),
    "sao2": ("O2SAT", "%"),
    "temperature": ("TEMP", "Cel"),
    "systemicsystolic": ("SBP", "mm[Hg]"),
    "systemicdiastolic": ("DBP", "mm[Hg]"),
    "systemicmean": ("MAP", "mm[Hg]"),
}
_APERIODIC = {
    "noninvasivesystolic": ("SBP", "mm[Hg]"),
    "noninvasivediastolic": ("DBP", "mm[Hg]"),
    "noninvasivemean": ("MAP", "mm[Hg]"),
}
_NURSE = {
    "Heart Rate": ("HR", "/min"),
    "Respiratory Rate": ("RESP", "/min"),
    "O2 Saturation": ("O2SAT", "%"),
    "Temperature (C)": ("TEMP", "Cel"),
    "Temperature (F)": ("TEMP", "[degF]"),
    "Non-Invasive BP Systolic": ("SBP", "mm[Hg]"),
    "Non-Invasive BP Diastolic": ("DBP", "mm[Hg]"),
    "Non-Invasive BP Mean": ("MAP", "mm[Hg]"),
    "Invasive BP Systolic": ("SBP", "mm[Hg]"),
    "Invasive BP Diastolic": ("DBP", "mm[Hg]"),
    "Invasive BP Mean": ("MAP", "mm[Hg]"),
}
_RESPIRATORY = {"FiO2": ("FIO2", "%"), "FIO2 (%)": ("FIO2", "%")}
_URINE = {"Urine": ("URINE", "mL"), "URINE CATHETER": ("URINE", "mL")}
_CHARTS = {
    "nursecharting": ("nursingchartoffset", "nursingchartcelltypevalname", "nursingchartvalue", _NURSE),
    "respiratorycharting": ("respchartoffset", "respchartvaluelabel", "respchartvalue", _RESPIRATORY),
    "intakeoutput": ("intakeoutputoffset", "celllabel", "cellvaluenumeric", _URINE),
}
"""Table -> minute, name, value and what the names mean."""


def has_raw_series(folder: SourceFolder) -> bool:
    """Whether the raw tables are there; the public demo as packed here lacks them."""
    return all(folder.find(f"eicu_demo/{table}.csv", f"{table}.csv") is not None for table in TABLES)


def read_raw(folder: SourceFolder, stays: pl.DataFrame, series: SeriesSpec) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The raw values as events, and what was left out.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``UNIT_UNKNOWN``, ``UNIT_INCOMPATIBLE``,
            ``TABLE_UNREADABLE``.
    """
    units = {code: channel.unit for channel in series.channels for code in channel.codes}
    labs, changes = _labs(folder, units)
    frames = [labs, _wide(folder, "vitalperiodic", _PERIODIC, units)]
    if folder.find("eicu_demo/vitalaperiodic.csv", "vitalaperiodic.csv") is not None:
        frames.append(_wide(folder, "vitalaperiodic", _APERIODIC, units))
    present = [table for table in _CHARTS if folder.find(f"eicu_demo/{table}.csv", f"{table}.csv") is not None]
    frames += [_chart(folder, table, units) for table in present]
    placed = place(pl.concat(frames, how="diagonal"), stays, minutes="minute")
    return placed.select("subject_id", "time", "code", "numeric_value", "censored"), changes


def _labs(folder: SourceFolder, units: Mapping[str, str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    columns = (
        "patientunitstayid",
        "labresultoffset",
        "labname",
        "labresult",
        "labresulttext",
        "labmeasurenamesystem",
    )
    table = folder.scan("eicu_demo/lab.csv", "lab.csv", columns=columns).filter(pl.col("labname").is_in(list(LABS)))
    rows = numbers(collected(table, table="lab"), columns[:2], pl.Int64, table="lab").with_columns(
        pl.col("labname").replace_strict({name: code for name, (code, _) in LABS.items()}).alias("code"),
        pl.coalesce(pl.col("labresult").replace("", None), "labresulttext").alias("written"),
        pl.col("labmeasurenamesystem").replace("", None).alias("unit"),
    )
    no_unit = pl.col("unit").is_null() & ~pl.col("code").is_in(list(_UNITLESS))
    left_out = rows.filter(no_unit).height
    frames = []
    for (name,), part in rows.filter(~no_unit).group_by("labname", maintain_order=True):
        code, substance = LABS[str(name)]
        value = measured(pl.col("written"))
        if code not in _UNITLESS:
            found = part["unit"].unique().to_list()
            value = column_to_ucum(value, pl.col("unit"), found, to=units[code], substance=substance)
        frames.append(
            part.select(
                "patientunitstayid",
                pl.col("labresultoffset").alias("minute"),
                "code",
                value.alias("numeric_value"),
                censored(pl.col("written")).alias("censored"),
            ).drop_nulls("censored")
        )
    empty = pl.DataFrame(
        schema={"patientunitstayid": pl.Int64, "minute": pl.Int64, "code": pl.String, "numeric_value": pl.Float64}
    )
    return pl.concat([empty, *frames], how="diagonal"), (f"laboratory values without a unit left out: {left_out} rows",)


def _wide(
    folder: SourceFolder, table: str, columns: Mapping[str, tuple[str, str]], units: Mapping[str, str]
) -> pl.DataFrame:
    """Hourly means of a table with one column a vital."""
    lazy = folder.scan(
        f"eicu_demo/{table}.csv", f"{table}.csv", columns=("patientunitstayid", "observationoffset", *columns)
    )
    values = [
        to_ucum(measured(pl.col(column)), unit, to=units[code]).alias(code) for column, (code, unit) in columns.items()
    ]
    codes = [code for code, _ in columns.values()]
    hourly = (
        _with_hour(lazy, "observationoffset", *values).group_by("patientunitstayid", "minute").agg(pl.col(codes).mean())
    )
    long = collected(hourly, table=table).unpivot(
        codes, index=["patientunitstayid", "minute"], variable_name="code", value_name="numeric_value"
    )
    return long.drop_nulls("numeric_value")


def _chart(folder: SourceFolder, table: str, units: Mapping[str, str]) -> pl.DataFrame:
    """Hourly means (sums for volumes) of a table with one row a value; text among the values is no number."""
    minute, name, value, meaning = _CHARTS[table]
    columns = ("patientunitstayid", minute, name, value)
    lazy = folder.scan(f"eicu_demo/{table}.csv", f"{table}.csv", columns=columns)
    number = measured(pl.col(value).cast(pl.String).str.strip_suffix("%"))
    converted = pl.coalesce(
        pl.when(pl.col(name) == written).then(to_ucum(number, unit, to=units[code]))
        for written, (code, unit) in meaning.items()
    )
    code = pl.col(name).replace_strict({written: code for written, (code, _) in meaning.items()}, default=None)
    rows = _with_hour(lazy, minute, code.alias("code"), converted.alias("numeric_value"))
    grouped = rows.filter(pl.col("code").is_not_null() & pl.col("numeric_value").is_not_null()).group_by(
        "patientunitstayid", "minute", "code"
    )
    total = pl.col("numeric_value").sum() if meaning is _URINE else pl.col("numeric_value").mean()
    return collected(grouped.agg(total), table=table)


def _with_hour(lazy: pl.LazyFrame, minute: str, *values: pl.Expr) -> pl.LazyFrame:
    """patientunitstayid, minute at which the row's hour ends, and the values."""
    hour = pl.col(minute).cast(pl.Int64).floordiv(60)
    return lazy.select(pl.col("patientunitstayid").cast(pl.Int64), ((hour + 1) * 60).alias("minute"), *values)
