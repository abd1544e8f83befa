"""Small generated folders with the schema of each source, and what a model sees of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import ModalitySpec
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent, write_cohort
from monai_app.core.resources import resource

Inputs = list[tuple[object, ...]]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[CohortContent], Cohort]:
    """Write a content and open it."""
    made: list[Path] = []

    def write(content: CohortContent) -> Cohort:
        made.append(tmp_path / f"cohort{len(made)}")
        write_cohort(made[-1], content)
        return Cohort(made[-1])

    return write


@pytest.fixture
def inputs(opened: Callable[[CohortContent], Cohort]) -> Callable[[CohortContent], Inputs]:
    """Everything that a model may see of each sample, as comparable values; labels and groups left out."""

    def see(content: CohortContent) -> Inputs:
        cohort = opened(content)
        rows: Inputs = []
        for item in split_items(cohort, None, cohort.model_spec()):
            seen = {key: value for key, value in item.items() if not key.startswith(("label_", "group_"))}
            seen["film"] = Path(seen["film"]).read_bytes() if seen.get("film") else b""
            rows.append(tuple(v.tobytes() if isinstance(v, np.ndarray) else v for v in seen.values()))
        return rows

    return see


@pytest.fixture
def edit_csv() -> Callable[..., None]:
    """Rewrite columns of a CSV; None drops one."""

    def edit(path: Path, columns: Mapping[str, pl.Expr | None]) -> None:
        frame = pl.read_csv(path, infer_schema=False)
        dropped = [name for name, value in columns.items() if value is None]
        kept = [value.alias(name) for name, value in columns.items() if value is not None]
        frame.with_columns(kept).drop(dropped).write_csv(path)

    return edit


_STAYS = """
patientunitstayid,patienthealthsystemstayid,uniquepid,gender,age,ethnicity,hospitalid,admissionheight,admissionweight,\
hospitaladmitoffset,hospitaldischargeoffset,hospitaldischargeyear,hospitaldischargestatus,unitdischargeoffset,unittype,\
unitadmitsource,hospitaldischargelocation,dischargeweight
1,10,a,Male,61,Caucasian,56,177.8,80,-60,9000,2015,Alive,3000,MICU,Floor,Home,70
2,10,a,Male,61,Caucasian,56,,,-5000,4060,2015,Alive,1500,MICU,ICU,Home,71
3,11,a,Male,60,Caucasian,56,177.8,90,-10,8000,2014,Expired,2000,MICU,Floor,Death,72
4,12,b,Female,> 89,,57,160,55,0,5000,2014,Expired,1000,SICU,Operating Room,Death,73
5,13,c,Female,,Asian,57,,,0,1000,2014,Alive,900,SICU,Floor,Home,74
6,14,d,Unknown,45,Hispanic,58,150,60,-20,3000,2014,,2900,SICU,Floor,Home,75
""".replace("\\\n", "").strip()


@pytest.fixture
def eicu_folder(tmp_path: Path) -> Path:
    """Six unit stays of four patients; stays 1 and 2 lie in one hospital stay, 5 has left before 24 h."""
    root = tmp_path / "eicu"
    tables = root / "eicu_demo"
    tables.mkdir(parents=True)
    (tables / "patient.csv").write_text(_STAYS + "\n")
    (tables / "hospital.csv").write_text("hospitalid,region\n56,West\n57,South\n58,\n")
    (tables / "diagnosis.csv").write_text(
        "patientunitstayid,diagnosisoffset,diagnosisstring\n"
        "1,50,renal|disorder of kidney|acute\n1,9,renal|disorder of kidney|chronic\n2,7,pulmonary|A / B\n"
        "3,7,pulmonary|A / B|C\n4,1,renal|disorder of kidney\n6,1,rare|thing\n"
    )
    exam = "notes/Progress Notes/Physical Exam/Physical Exam/Constitutional/Vital Sign/HR/HR Lowest"
    (tables / "physicalexam.csv").write_text(
        "patientunitstayid,physicalexamoffset,physicalexampath,physicalexamtext\n"
        f"1,30,{exam},98\n1,2000,{exam},11\n2,10,{exam},55\n3,20,{exam},77\n9,1,{exam},1\n"
    )
    history = "notes/Progress Notes/Past History/Organ Systems/Endocrine (R)/Hypothyroidism/hypothyroidism"
    (tables / "pasthistory.csv").write_text(
        "patientunitstayid,pasthistoryenteredoffset,pasthistorypath,pasthistoryvaluetext\n"
        f"1,1500,{history},hypothyroidism\n4,3,{history},hypothyroidism\n"
    )
    (tables / "note.csv").write_text(
        "patientunitstayid,noteenteredoffset,notepath,notetext\n"
        "1,5,notes/Shared/View and Save/Save Options/Print/Copies/Copies,1\n"
        "1,5,notes/Progress Notes/Review Of Systems/Systems/Skin/negative,\n"
    )
    (root / "splits.csv").write_text("uniquepid,split\na,train\nb,val\nc,test\nd,test\n")
    write_hourly(root)
    return root


def write_hourly(root: Path) -> None:
    """YAIB's hourly table: heart rate 60 + hour of each stay for 30 h, a temperature in the last hour."""
    spec = ModalitySpec.read(resource("configs", "cohorts", "eicu.yaml"))
    assert spec.series is not None
    codes = [channel.codes[0].lower() for channel in spec.series.channels]
    rows = [(stay, hour) for stay in (1, 2, 3, 4, 6) for hour in range(30)]
    frame = pl.DataFrame(rows, schema={"stay_id": pl.Int32, "hour": pl.Int64}, orient="row").with_columns(
        pl.duration(hours="hour").cast(pl.Duration("ms")).alias("time"),
        *(pl.lit(None, pl.Float64).alias(code) for code in codes),
    )
    frame = frame.with_columns(
        (60.0 + pl.col("hour")).alias("hr"), pl.when(pl.col("hour") == 29).then(36.5).alias("temp")
    )
    folder = root / "yaib_hourly" / "los"
    folder.mkdir(parents=True)
    frame.drop("hour").write_parquet(folder / "dyn.parquet")
