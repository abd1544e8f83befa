"""MIMIC-IV with MIMIC-CXR-JPG: rows and tiny films made up in the documented schemas."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from monai_app.cohort.items import split_items
from monai_app.cohort.sources.mimic4 import build
from monai_app.cohort.spec import Modality
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected

Opened = Callable[[CohortContent], Cohort]
Inputs = Callable[[CohortContent], list[tuple[object, ...]]]
ADMISSIONS = (
    "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,admission_location,"
    "discharge_location,insurance,language,marital_status,race,edregtime,edouttime,hospital_expire_flag"
)
LABS = (
    "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,value,valuenum,valueuom,"
    "ref_range_lower,ref_range_upper,flag,priority,comments"
)
CHART = "subject_id,hadm_id,stay_id,caregiver_id,charttime,storetime,itemid,value,valuenum,valueuom,warning"
METADATA = (
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime,"
    "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning"
)
CHEXPERT = (
    "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,"
    "Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices"
)
TABLES = {
    "hosp/patients": """subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod
10000032,F,52,2180,2014 - 2016,2180-09-09
10000048,M,91,2150,2008 - 2010,
10000064,M,40,2150,2008 - 2010,""",
    "hosp/admissions": f"""{ADMISSIONS}
10000032,20,2180-07-01 00:00:00,2180-07-12 00:00:00,,EW EMER.,P1,EMERGENCY ROOM,HOME,Other,ENGLISH,,WHITE,,,0
10000048,30,2150-02-01 00:00:00,2150-02-09 07:15:00,2150-02-09 07:15:00,URGENT,P1,TRANSFER,DIED,Other,ENGLISH,,ASIAN,,,1
10000064,40,2150-03-01 00:00:00,2150-03-09 00:00:00,,ELECTIVE,P1,CLINIC,HOME,Other,ENGLISH,,WHITE,,,0""",
    "icu/icustays": """subject_id,hadm_id,stay_id,first_careunit,last_careunit,intime,outtime,los
10000032,20,1,MICU,MICU,2180-07-01 02:00:00,2180-07-04 02:00:00,3.0
10000032,20,2,CVICU,CVICU,2180-07-07 02:00:00,2180-07-11 02:00:00,4.0
10000048,30,3,MICU,MICU,2150-02-01 01:00:00,2150-02-09 07:15:00,8.3
10000064,40,4,MICU,MICU,2150-03-01 01:00:00,2150-03-09 07:15:00,8.3""",
    "icu/chartevents": f"""{CHART}
10000032,20,1,7,2180-07-01 03:00:00,2180-07-01 03:01:00,220045,91,91,bpm,0
10000032,20,1,7,2180-07-01 03:00:00,2180-07-01 03:01:00,223761,98.6,98.6,°F,0
10000032,20,1,7,2180-07-01 03:00:00,2180-07-01 03:01:00,220739,To Speech,3,,0
10000032,20,1,7,2180-07-01 03:00:00,2180-07-01 03:01:00,223901,Localizes Pain,5,,0
10000032,20,1,7,2180-07-01 03:00:00,2180-07-01 03:01:00,223900,No Response-ETT,0,,0
10000032,20,2,7,2180-07-07 03:00:00,2180-07-07 03:01:00,220045,120,120,bpm,0
10000048,30,3,7,2150-02-01 03:00:00,2150-02-01 03:01:00,220045,70,70,bpm,0""",
    "hosp/labevents": f"""{LABS}
1,10000032,,5,51003,P,2180-07-01 05:00:00,2180-07-01 07:00:00,<0.01,,ng/mL,0,0.01,,ROUTINE,
2,10000032,20,6,50971,P,2180-07-01 05:00:00,2180-07-01 07:00:00,>10,10,mEq/L,3.3,5.1,abnormal,STAT,___
3,10000048,30,7,50912,P,2150-02-01 05:00:00,2150-02-01 07:00:00,___,1.5,mg/dL,0.5,1.2,abnormal,ROUTINE,""",
    "hosp/diagnoses_icd": """subject_id,hadm_id,seq_num,icd_code,icd_version
10000032,20,1,I5020,10
10000032,20,2,E870,9
10000048,30,1,E870,10
10000048,30,2,51881,9
10000064,40,1,Z992,10""",
    "mimic-cxr-2.0.0-metadata": f"""{METADATA}
aa-1,10000032,50,CHEST (PORTABLE AP),AP,4,3,21800702,33014.531,CHEST,antero-posterior,Erect
aa-2,10000032,50,CHEST (PORTABLE AP),LATERAL,4,3,21800702,33015.0,CHEST,lateral,Erect
aa-3,10000032,51,CHEST (PORTABLE AP),AP,4,3,21800703,30000,CHEST,antero-posterior,Erect
bb-1,10000048,60,CHEST (PA AND LAT),PA,4,3,21500202,235959.125,CHEST,postero-anterior,Erect
zz-1,19999999,70,CHEST (PA AND LAT),PA,4,3,21500202,235959.125,CHEST,postero-anterior,Erect""",
    "mimic-cxr-2.0.0-chexpert": f"""{CHEXPERT}
10000032,50,1.0,,0.0,-1.0,,,,,,,,,,
10000032,51,,,,,,,,,1.0,,,,,
10000048,60,,1.0,,,,,,,,,,,,""",
    "mimic-cxr-2.0.0-split": """dicom_id,study_id,subject_id,split
aa-1,50,10000032,train
aa-2,50,10000032,train
aa-3,51,10000032,train
bb-1,60,10000048,validate
zz-1,70,19999999,test""",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The tables as .csv.gz, and a 3 x 4 film for each row of the metadata but zz-1."""
    folder = tmp_path / "mimic4"
    for name, text in TABLES.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    for shade, (study, dicom, subject) in enumerate(
        [(50, "aa-1", 10000032), (50, "aa-2", 10000032), (51, "aa-3", 10000032), (60, "bb-1", 10000048)]
    ):
        path = folder / "files" / "p10" / f"p{subject}" / f"s{study}" / f"{dicom}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = io.BytesIO()
        Image.new("L", (3, 4), 40 * shade).save(stream, "JPEG")
        path.write_bytes(stream.getvalue())
    return folder


def rewrite(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def of_code(content: CohortContent, code: str) -> list[tuple[object, ...]]:
    events = content.events.filter(pl.col("code") == code).sort("subject_id", "time")
    return events.select("subject_id", "numeric_value", "censored").rows()


def test_each_long_stay_is_a_sample(source: Path) -> None:
    labels = build(source).labels
    assert labels["mortality"]["value"].rows() == [
        (10000032, dt.datetime(2180, 7, 3, 2), False),
        (10000032, dt.datetime(2180, 7, 9, 2), False),
        (10000048, dt.datetime(2150, 2, 3, 1), True),
        (10000064, dt.datetime(2150, 3, 3, 1), False),
    ]
    assert labels["length_of_stay"]["value"]["value"].to_list()[:2] == [3.0, 4.0]


def test_values_units_limits_and_ages(source: Path) -> None:
    content = build(source)
    assert of_code(content, "TEMP")[0][1] == pytest.approx(37.0)
    assert of_code(content, "GCS_TOTAL") == [(10000032, 9.0, 0)]
    assert of_code(content, "TROPONIN_T") == [(10000032, None, -1)]
    assert of_code(content, "POTASSIUM") == [(10000032, None, 1)]
    assert of_code(content, "CREATININE") == [(10000048, 1.5, 0)]
    assert of_code(content, "AGE") == [(10000032, 52, 0), (10000032, 52, 0), (10000048, None, 1), (10000064, 40, 0)]


def test_icd_versions_are_kept_apart(source: Path) -> None:
    labels = build(source).labels["phenotypes"]
    assert labels["congestive_heart_failure"]["value"].to_list() == [True, True, False, False]
    assert labels["fluid_and_electrolyte_disorders"]["value"].to_list() == [False, False, True, False]
    assert labels["respiratory_failure"]["value"].to_list() == [False, False, True, False]
    assert labels["chronic_kidney_disease"]["value"].to_list() == [False, False, False, True]


def test_the_film_is_the_latest_frontal_one_inside_the_window(source: Path, opened: Opened) -> None:
    cohort = opened(build(source))
    spec = cohort.model_spec(tasks=["mortality"])
    films = [Path(item["film"]).name for item in split_items(cohort, None, spec)]
    assert films == ["aa-1.jpg", "", "bb-1.jpg", ""]


@pytest.mark.parametrize("moved", ["21800703", "21800630"], ids=["after the prediction", "before the window"])
def test_a_film_outside_the_window_is_not_seen(source: Path, opened: Opened, moved: str) -> None:
    rewrite(source, "mimic-cxr-2.0.0-metadata", "21800702,33014.531", f"{moved},33014.531")
    cohort = opened(build(source))
    item = split_items(cohort, None, cohort.model_spec(tasks=["mortality"]))[0]
    assert not item["film_present"] and item["film"] == ""


def test_outcomes_never_reach_an_input(source: Path, inputs: Inputs) -> None:
    before = inputs(build(source))
    rewrite(source, "hosp/patients", "2180-09-09", "2180-07-05")
    rewrite(source, "hosp/admissions", "2180-07-12 00:00:00,,EW", "2180-07-13 00:00:00,2180-07-13 00:00:00,EW")
    rewrite(source, "hosp/diagnoses_icd", "I5020", "N170")
    rewrite(source, "mimic-cxr-2.0.0-chexpert", "10000032,50,1.0", "10000032,50,0.0")
    rewrite(source, "icu/icustays", "2180-07-04 02:00:00,3.0", "2180-07-05 02:00:00,4.0")
    assert inputs(build(source)) == before


def test_study_time_keeps_its_leading_zeros(source: Path) -> None:
    times = build(source).images.sort("path")["time"].to_list()
    assert times[0] == dt.datetime(2180, 7, 2, 3, 30, 14) and times[-1] == dt.datetime(2150, 2, 2, 23, 59, 59)


def test_findings_are_predicted_when_the_last_frontal_film_is_taken(source: Path) -> None:
    labels = build(source).labels["radiology"]
    assert labels["atelectasis"].rows()[0] == (10000032, dt.datetime(2180, 7, 2, 3, 30, 14), True)
    assert labels["oedema"]["value"].to_list() == [None, False, False]
    assert labels["cardiomegaly"]["value"].to_list() == [False, False, True]


def test_patients_with_films_keep_the_official_split(source: Path) -> None:
    splits = dict(build(source).splits.iter_rows())
    assert splits[10000032] == "train" and splits[10000048] == "tuning" and len(splits) == 3


def test_without_mimic_cxr_there_is_no_film_modality(source: Path, opened: Opened) -> None:
    (source / "mimic-cxr-2.0.0-metadata.csv").unlink()
    content = build(source)
    assert Modality.FILM not in content.record.modalities.names and "radiology" not in content.labels
    assert split_items(opened(content), None, opened(content).model_spec())


def test_films_that_are_not_on_disk_are_counted(source: Path) -> None:
    (source / "files/p10/p10000032/s51/aa-3.jpg").unlink()
    content = build(source)
    assert content.images.height == 3
    assert "films of the metadata that are not on disk, left out: 1" in content.record.provenance.changes


@pytest.mark.parametrize(
    ("table", "old", "new", "fault"),
    [
        ("mimic-cxr-2.0.0-metadata", "aa-1,", "../../../../etc/x,", "PATH_ESCAPES"),
        ("mimic-cxr-2.0.0-metadata", "21800702,33014.531", "someday,33014.531", "VALUE_INVALID"),
        ("mimic-cxr-2.0.0-metadata", "StudyTime", "Clock", r"MISSING_COLUMN.*no studytime"),
        ("mimic-cxr-2.0.0-chexpert", "-1.0", "7.0", "LABEL_OUTSIDE_SET"),
        ("mimic-cxr-2.0.0-split", "aa-2,50,10000032,train", "aa-2,50,10000032,test", "SUBJECT_IN_TWO_SPLITS"),
        ("mimic-cxr-2.0.0-split", "validate", "elsewhere", "SPLIT_UNKNOWN"),
        ("icu/chartevents", "°F", "cubits", r"UNIT_UNKNOWN.*cubits"),
        ("hosp/diagnoses_icd", "51881,9", "51881,8", "VALUE_INVALID.*ICD"),
        ("hosp/patients", "anchor_age", "age", r"MISSING_COLUMN.*no anchor_age"),
    ],
)
def test_bad_tables_are_refused_by_name(source: Path, table: str, old: str, new: str, fault: str) -> None:
    rewrite(source, table, old, new)
    with pytest.raises(InputRejected, match=fault):
        build(source)


def test_no_film_on_disk_at_all_is_refused(source: Path) -> None:
    for path in (source / "files").rglob("*.jpg"):
        path.unlink()
    with pytest.raises(InputRejected, match="IMAGE_MISSING"):
        build(source)
