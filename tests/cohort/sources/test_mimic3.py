"""MIMIC-III: made-up tables in the official schema (capital column names), then the real demo where it is."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.sources.mimic3 import build
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected

Opened = Callable[[CohortContent], Cohort]
CHART = "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,ITEMID,CHARTTIME,STORETIME,CGID,VALUE,VALUENUM,VALUEUOM,WARNING,ERROR"
LAB = "ROW_ID,SUBJECT_ID,HADM_ID,ITEMID,CHARTTIME,VALUE,VALUENUM,VALUEUOM,FLAG"
TABLES = {
    "PATIENTS": """ROW_ID,SUBJECT_ID,GENDER,DOB,DOD,DOD_HOSP,DOD_SSN,EXPIRE_FLAG
1,1,F,2100-01-01 00:00:00,2151-03-05 00:00:00,2151-03-05 00:00:00,,1
2,2,M,1850-01-01 00:00:00,2150-07-01 00:00:00,,2150-07-01 00:00:00,1
3,3,M,2150-01-01 00:00:00,,,,0""",
    "ADMISSIONS": """ROW_ID,SUBJECT_ID,HADM_ID,ADMITTIME,DISCHTIME,DEATHTIME,ADMISSION_TYPE,ETHNICITY,DIAGNOSIS,\
HOSPITAL_EXPIRE_FLAG
1,1,10,2150-01-01 00:00:00,2150-01-09 00:00:00,,EMERGENCY,WHITE,SEPSIS,0
2,1,11,2151-03-01 00:00:00,2151-03-05 09:30:00,2151-03-05 09:30:00,URGENT,WHITE,FEVER,1
3,2,20,2150-05-01 00:00:00,2150-05-09 00:00:00,,ELECTIVE,ASIAN,FALL,0
4,3,30,2150-01-02 00:00:00,2150-01-09 00:00:00,,NEWBORN,WHITE,NEWBORN,0""",
    "ICUSTAYS": """ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,DBSOURCE,FIRST_CAREUNIT,LAST_CAREUNIT,INTIME,OUTTIME,LOS
1,1,10,100,carevue,MICU,SICU,2150-01-01 06:00:00,2150-01-04 06:00:00,3
2,1,11,110,metavision,MICU,MICU,2151-03-01 00:00:00,2151-03-05 09:30:00,4.4
3,2,20,200,carevue,SICU,SICU,2150-05-01 00:00:00,2150-05-03 12:00:00,2.5
4,2,20,201,carevue,SICU,SICU,2150-05-05 00:00:00,2150-05-05 20:00:00,0.8
5,3,30,300,carevue,NICU,NICU,2150-01-02 00:00:00,2150-01-08 00:00:00,6""",
    "CHARTEVENTS": f"""{CHART}
1,1,10,100,211,2150-01-01 07:00:00,,,80,80,BPM,,
2,1,10,100,678,2150-01-01 07:00:00,,,100.4,100.4,Deg. F,,
3,1,10,100,211,2150-01-01 08:00:00,,,999,999,BPM,,1
4,1,10,100,3581,2150-01-01 08:00:00,,,200,200,,,
5,1,10,100,920,2150-01-01 08:00:00,,,70,70,inches,,
6,1,10,100,190,2150-01-01 08:00:00,,,.5,.5,torr,,
7,1,10,100,223835,2150-01-01 10:00:00,,,40,40,,,
8,1,10,100,115,2150-01-01 08:00:00,,,Abnormal >3 secs,,,,
9,1,10,100,220739,2150-01-01 08:00:00,,,Spontaneously,4,,,
10,1,10,100,223901,2150-01-01 08:00:00,,,Obeys Commands,6,,,
11,1,10,100,223900,2150-01-01 08:00:00,,,No Response-ETT,0,,,
12,1,10,100,9999,2150-01-01 08:00:00,,,7,7,,,
13,1,11,110,211,2151-03-04 00:00:00,,,140,140,BPM,,
14,2,20,200,211,2150-05-01 03:00:00,,,,,BPM,,""",
    "LABEVENTS": f"""{LAB}
1,1,,51003,2150-01-01 09:00:00,<0.01,0.01,ng/mL,
2,1,10,50971,2150-01-01 09:00:00,GREATER THAN 10,,mEq/L,abnormal
3,1,10,50912,2150-01-01 09:00:00,1.2,1.2,mg/dL,
4,1,10,51491,2150-01-01 09:00:00,5.5,5.5,units,
5,2,20,50809,2150-05-01 09:00:00,5.5,5.5,mmol/L,""",
    "DIAGNOSES_ICD": """ROW_ID,SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE
1,1,10,1,99592
2,1,10,2,4280
3,2,20,1,4019""",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "mimic3"
    folder.mkdir()
    for name, text in TABLES.items():
        with gzip.open(folder / f"{name}.csv.gz", "wt") as stream:
            stream.write(text + "\n")
    return folder


def rewrite(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / f"{table}.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new).encode()))


def values(content: CohortContent, code: str) -> list[float]:
    of_code = content.events.filter((pl.col("code") == code) & (pl.col("subject_id") == 1)).sort("time")
    return [round(value, 3) for value in of_code["numeric_value"].to_list()]


def test_samples_are_long_adult_stays_at_48_hours(source: Path) -> None:
    labels = build(source).labels["mortality"]["value"]
    assert labels.rows() == [
        (1, dt.datetime(2150, 1, 3, 6), False),
        (1, dt.datetime(2151, 3, 3), True),
        (2, dt.datetime(2150, 5, 3), False),
    ]


def test_units_become_ucum(source: Path) -> None:
    content = build(source)
    assert values(content, "TEMP") == [38.0]
    assert values(content, "WEIGHT") == [90.718]
    assert values(content, "HEIGHT") == [177.8]
    assert values(content, "FIO2") == [0.5, 0.4]


def test_texts_become_scores_and_the_total_is_their_sum(source: Path) -> None:
    content = build(source)
    assert values(content, "CRR") == [1]
    assert values(content, "GCS_VERBAL") == [1]
    assert values(content, "GCS_TOTAL") == [11]


def test_marked_errors_urine_and_other_items_are_no_events(source: Path) -> None:
    content = build(source)
    assert values(content, "HR") == [80, 140]
    assert values(content, "PH") == []


def test_limits_are_censored_never_numbers(source: Path) -> None:
    events = build(source).events
    limits = events.filter(pl.col("code").is_in(["TROPONIN_T", "POTASSIUM"])).sort("code")
    assert limits.select("code", "numeric_value", "censored").rows() == [
        ("POTASSIUM", None, 1),
        ("TROPONIN_T", None, -1),
    ]


def test_laboratory_units_are_read_row_by_row(source: Path) -> None:
    glucose = build(source).events.filter(pl.col("code") == "GLUCOSE")["numeric_value"].item()
    assert glucose == pytest.approx(5.5 * 18.0156)


def test_ages_above_89_are_a_limit(source: Path) -> None:
    ages = build(source).events.filter(pl.col("code") == "AGE").sort("subject_id", "time")
    assert ages.select("numeric_value", "censored").rows()[2] == (None, 1)
    assert ages["numeric_value"][0] == pytest.approx(50, abs=0.01)


def test_deaths_lie_at_their_minute_or_at_the_end_of_their_day(source: Path) -> None:
    deaths = build(source).events.filter(pl.col("code") == "MEDS_DEATH").sort("subject_id")
    assert deaths["time"].to_list() == [dt.datetime(2151, 3, 5, 9, 30), dt.datetime(2150, 7, 1, 23, 59, 59)]


def test_phenotypes_come_from_the_codes_of_the_hospital_stay(source: Path) -> None:
    labels = build(source).labels["phenotypes"]
    found = {name: frame["value"].to_list() for name, frame in labels.items() if frame["value"].any()}
    assert found == {
        "septicemia": [True, None, False],
        "congestive_heart_failure": [True, None, False],
        "essential_hypertension": [False, None, True],
    }


def test_outcomes_and_the_future_never_reach_an_input(source: Path, inputs: Callable[[CohortContent], object]) -> None:
    before = inputs(build(source))
    rewrite(
        source,
        "ADMISSIONS",
        "2150-01-09 00:00:00,,EMERGENCY,WHITE,SEPSIS,0",
        "2150-01-07 00:00:00,2150-01-07 00:00:00,EMERGENCY,WHITE,SEPSIS,1",
    )
    rewrite(source, "PATIENTS", "2151-03-05 00:00:00,2151-03-05 00:00:00,,1", "2150-01-07 00:00:00,,,1")
    rewrite(source, "DIAGNOSES_ICD", "4280", "41001")
    rewrite(source, "CHARTEVENTS", "2151-03-04 00:00:00,,,140,140", "2151-03-03 00:00:01,,,30,30")
    rewrite(
        source,
        "ICUSTAYS",
        "SICU,2150-01-01 06:00:00,2150-01-04 06:00:00",
        "CCU,2150-01-01 06:00:00,2150-01-06 06:00:00",
    )
    assert inputs(build(source)) == before


def test_a_value_inside_the_window_does_reach_the_input(
    source: Path, inputs: Callable[[CohortContent], object]
) -> None:
    before = inputs(build(source))
    rewrite(source, "CHARTEVENTS", "2151-03-04 00:00:00", "2151-03-03 00:00:00")
    assert inputs(build(source)) != before


def test_the_window_begins_with_the_icu_stay(source: Path, opened: Opened) -> None:
    cohort = opened(build(source))
    item = split_items(cohort, None, cohort.model_spec())[0]
    heart_rate = [channel.name for channel in cohort.record.modalities.series.channels].index("heart_rate")
    assert np.flatnonzero(item["series"][1, :, heart_rate]).tolist() == [0]


def test_row_order_changes_nothing(source: Path, inputs: Callable[[CohortContent], object]) -> None:
    before = inputs(build(source))
    for name in ("CHARTEVENTS", "LABEVENTS", "ADMISSIONS", "ICUSTAYS"):
        head, *rows = gzip.decompress((source / f"{name}.csv.gz").read_bytes()).decode().splitlines()
        (source / f"{name}.csv.gz").write_bytes(gzip.compress("\n".join([head, *rows[::-1], ""]).encode()))
    assert inputs(build(source)) == before


@pytest.mark.parametrize(
    ("table", "old", "new", "fault"),
    [
        ("CHARTEVENTS", "VALUEUOM", "UOM", r"MISSING_COLUMN.*no valueuom"),
        ("CHARTEVENTS", "Deg. F", "furlong", r"UNIT_UNKNOWN.*furlong"),
        ("LABEVENTS", "1.2,1.2,mg/dL", "1.2,1.2,kg", "UNIT_INCOMPATIBLE"),
        ("ICUSTAYS", "2150-01-01 06:00:00", "yesterday", r"VALUE_INVALID.*intime"),
        ("ICUSTAYS", "4,2,20,201", "4,2,20,200", "STAY_DUPLICATE"),
        ("ADMISSIONS", "FEVER,1", "FEVER,maybe", "LABEL_OUTSIDE_SET"),
        ("ICUSTAYS", "2150-01-04 06:00:00", "2150-01-02 06:00:00", None),
    ],
)
def test_bad_tables_are_refused_by_name(source: Path, table: str, old: str, new: str, fault: str | None) -> None:
    rewrite(source, table, old, new)
    if fault is None:
        assert build(source).labels["mortality"]["value"].height == 2
        return
    with pytest.raises(InputRejected, match=fault):
        build(source)


def test_an_empty_table_is_refused(source: Path) -> None:
    rewrite(source, "ICUSTAYS", "\n" + TABLES["ICUSTAYS"].split("\n", 1)[1], "")
    with pytest.raises(InputRejected, match="TABLE_EMPTY"):
        build(source)


def test_a_truncated_table_is_refused(source: Path) -> None:
    path = source / "CHARTEVENTS.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputRejected, match="TABLE_UNREADABLE"):
        build(source)


def test_a_missing_table_is_named(source: Path) -> None:
    (source / "LABEVENTS.csv.gz").unlink()
    with pytest.raises(InputRejected, match=r"SOURCE_INCOMPLETE.*LABEVENTS"):
        build(source)


@pytest.mark.shared
def test_the_demo_has_its_known_size_and_plausible_values(shared_data: Callable[[str], Path], opened: Opened) -> None:
    cohort = opened(build(shared_data("ehr-mimic3-demo")))
    items = split_items(cohort, None, cohort.model_spec())
    assert len(items) == 53 and sum(item["label_mortality"][0] for item in items) == 20
    grid = np.stack([item["series"] for item in items])
    medians = dict(
        zip(
            (c.name for c in cohort.record.modalities.series.channels),
            np.nanmedian(grid[:, 0], axis=(0, 1)),
            strict=True,
        )
    )
    assert 60 < medians["heart_rate"] < 110 and 36 < medians["temperature"] < 38 and 7.2 < medians["ph"] < 7.5
    assert 0.3 < medians["fraction_inspired_oxygen"] < 0.7 and 50 < medians["weight"] < 110
