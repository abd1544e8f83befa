"""Raw tables of the full eICU: the same codes and units as the hourly ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.sources.eicu import build
from monai_app.cohort.sources.eicu_raw import LABS, has_raw_series, read_raw
from monai_app.cohort.sources.eicu_stays import read_stays
from monai_app.cohort.sources.source_files import SourceFolder
from monai_app.cohort.spec import ModalitySpec, SeriesSpec
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource

_LAB = "patientunitstayid,labresultoffset,labname,labresult,labresulttext,labmeasurenamesystem\n"


@pytest.fixture
def folder(eicu_folder: Path) -> Path:
    tables = eicu_folder / "eicu_demo"
    (tables / "lab.csv").write_text(
        _LAB + "1,61,glucose,5.5,5.5,mmol/L\n1,62,glucose,99,99,mg/dL\n1,63,CRP,2,2,mg/dL\n1,64,pH,7.2,7.2,\n"
        "1,65,troponin - T,,<0.01,ng/mL\n1,66,sodium,140,140,mEq/L\n1,67,albumin,3,3,\n1,68,unknown lab,3,3,furlong\n"
    )
    (tables / "vitalPeriodic.csv").write_text(
        "patientunitstayid,observationoffset,temperature,sao2,heartrate,respiration,systemicsystolic,systemicdiastolic,"
        "systemicmean\n1,0,,97,60,,,,\n1,59,,99,80,,,,\n1,60,37,,90,,,,\n"
    )
    (tables / "nurseCharting.csv").write_text(
        "patientunitstayid,nursingchartoffset,nursingchartcelltypevalname,nursingchartvalue\n"
        "1,130,Temperature (F),98.6\n1,131,Temperature (C),38\n1,132,Temperature Location,Oral\n"
        "1,133,Heart Rate,refused\n"
    )
    (tables / "respiratorycharting.csv").write_text(
        "patientunitstayid,respchartoffset,respchartvaluelabel,respchartvalue\n1,190,FiO2,40%\n"
    )
    (tables / "intakeoutput.csv").write_text(
        "patientunitstayid,intakeoutputoffset,celllabel,cellvaluenumeric\n1,5,Urine,100\n1,50,URINE CATHETER,50\n"
    )
    return eicu_folder


def _spec() -> SeriesSpec:
    series = ModalitySpec.read(resource("configs", "cohorts", "eicu.yaml")).series
    assert series is not None
    return series


def _read(root: Path) -> dict[str, list[tuple[int, float | None]]]:
    """Code -> (minute, value) of stay 1."""
    folder = SourceFolder(root)
    stays = read_stays(folder)
    events, _ = read_raw(folder, stays, _spec())
    start = stays.filter(pl.col("patientunitstayid") == 1)["unit_admission"].item()
    rows: dict[str, list[tuple[int, float | None]]] = {}
    for code, time, value in events.sort("time").select("code", "time", "numeric_value").iter_rows():
        rows.setdefault(code, []).append((int((time - start) / timedelta(minutes=1)), value))
    return rows


def test_laboratory_values_keep_their_minute_in_one_unit(folder: Path) -> None:
    read = _read(folder)
    assert read["GLU"] == [(61, pytest.approx(99.0858)), (62, 99.0)]
    assert read["CRP"] == [(63, pytest.approx(20.0))]
    assert read["PH"] == [(64, 7.2)]
    assert read["NA"] == [(66, pytest.approx(140.0))]


def test_limit_is_no_number(folder: Path) -> None:
    source = SourceFolder(folder)
    events, _ = read_raw(source, read_stays(source), _spec())
    assert events.filter(pl.col("code") == "TNT").select("numeric_value", "censored").row(0) == (None, -1)


def test_vitals_are_hourly_means_at_the_end_of_the_hour(folder: Path) -> None:
    read = _read(folder)
    assert read["HR"] == [(60, 70.0), (120, 90.0)]
    assert read["O2SAT"] == [(60, 98.0)]
    assert read["TEMP"] == [(120, 37.0), (180, pytest.approx(37.5))]
    assert read["FIO2"] == [(240, pytest.approx(40.0))]


def test_volumes_are_summed(folder: Path) -> None:
    assert _read(folder)["URINE"] == [(60, 150.0)]


def test_rows_without_a_unit_are_left_out_and_counted(folder: Path) -> None:
    assert "ALB" not in _read(folder)
    assert "laboratory values without a unit left out: 1 rows" in build(folder).record.provenance.changes


def test_raw_tables_are_taken_where_they_are(folder: Path) -> None:
    assert has_raw_series(SourceFolder(folder))
    assert any("raw tables" in change for change in build(folder).record.provenance.changes)


@pytest.mark.parametrize(
    ("row", "code"),
    [("1,1,glucose,5,5,furlong", "UNIT_UNKNOWN.*furlong"), ("1,1,glucose,5,5,sec", "UNIT_INCOMPATIBLE")],
)
def test_wrong_unit_is_refused(folder: Path, row: str, code: str) -> None:
    (folder / "eicu_demo" / "lab.csv").write_text(_LAB + row + "\n")
    with pytest.raises(InputRejected, match=code):
        build(folder)


def test_every_laboratory_value_has_a_channel() -> None:
    codes = {code for channel in _spec().channels for code in channel.codes}
    assert {code for code, _ in LABS.values()} <= codes
    assert len(codes) == 48
