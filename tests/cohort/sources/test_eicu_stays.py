"""Unit stays of a patient on one axis."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.sources.eicu_stays import BLOCK, FIRST_ADMISSION, place, read_stays, stay_facts
from monai_app.cohort.sources.source_files import SourceFolder


@pytest.fixture
def stays(eicu_folder: Path) -> pl.DataFrame:
    return read_stays(SourceFolder(eicu_folder))


def _admission(stays: pl.DataFrame, stay: int) -> timedelta:
    return stays.filter(pl.col("patientunitstayid") == stay)["unit_admission"].item() - FIRST_ADMISSION


def test_unit_stays_of_a_hospital_stay_lie_as_their_offsets_say(stays: pl.DataFrame) -> None:
    assert _admission(stays, 2) - _admission(stays, 1) == timedelta(minutes=5000 - 60)


def test_hospital_stays_lie_a_block_apart_by_year(stays: pl.DataFrame) -> None:
    assert _admission(stays, 3) == timedelta(minutes=10)
    assert _admission(stays, 1) == BLOCK + timedelta(minutes=60)


def test_layout_ignores_row_order_and_outcomes(eicu_folder: Path, stays: pl.DataFrame) -> None:
    path = eicu_folder / "eicu_demo" / "patient.csv"
    frame = pl.read_csv(path, infer_schema=False)
    frame.reverse().with_columns(pl.lit("Alive").alias("hospitaldischargestatus")).write_csv(path)
    again = read_stays(SourceFolder(eicu_folder)).sort("patientunitstayid")
    assert again["unit_admission"].equals(stays.sort("patientunitstayid")["unit_admission"])
    assert again["subject_id"].equals(stays.sort("patientunitstayid")["subject_id"])


def test_rows_of_unknown_stays_are_dropped_and_minutes_may_be_negative(stays: pl.DataFrame) -> None:
    rows = pl.DataFrame({"patientunitstayid": [4, 99], "minute": [-30, 5]})
    placed = place(rows, stays, minutes="minute")
    assert placed["time"].to_list() == [FIRST_ADMISSION - timedelta(minutes=30)]


def test_facts_without_hospital_table_have_no_region(eicu_folder: Path, stays: pl.DataFrame) -> None:
    (eicu_folder / "eicu_demo" / "hospital.csv").unlink()
    facts = stay_facts(SourceFolder(eicu_folder), stays)
    assert "REGION" not in facts["code"].to_list()
    assert facts.filter(pl.col("code") == "WEIGHT")["numeric_value"].to_list() == [80, 90, 55, 60]
