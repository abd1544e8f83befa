"""Hannover: one axis a patient, limits as flags, outcomes and shortcuts out of sight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.sources.hannover import LABS, Inputs, build
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected

_HEAD = (
    "patient_id,image_id,sex,admission_offset,icu_admission_offset,icu_release_offset,death_offset,modality,projection"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "hannover"
    (root / "images").mkdir(parents=True)
    films = [
        "p1,i1,f,0,3,5,,CR,ap",
        "p1,i2,f,-4,-1,1,,CR,ap",
        "p1,i3,f,-4,-1,1,,DX,pa",
        "p2,i4,m,-1,,,,CR,pa",
        "p3,i5,m,2,0,,8,CR,ap",
    ]
    labs = {
        "i1": "0,10,1,0.4,,,,,,,,,,,,",
        "i2": "-4,10,0,inf,,,,,,,,,,,,",
        "i3": "0,-inf,,,,,,,,,,,,,,",
        "i4": "",
        "i5": "-1,77,,,,,,,,,,,,,,",
    }
    columns = ",".join(f"{lab}_offset,{lab}_val" for lab in LABS)
    rows = [f"{film},{labs[film.split(',')[1]] or ',' * 15}" for film in films]
    (root / "data.csv").write_text("\n".join([f"{_HEAD},{columns}", *rows]) + "\n")
    for film in films:
        (root / "images" / f"{film.split(',')[1]}.jpg").write_bytes(film.encode())
    return root


def _tables(cohort: Cohort) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """Values and flags of each film by its name."""
    spec = cohort.model_spec()
    assert spec.modalities.table is not None
    names = spec.modalities.table.columns
    return {
        Path(item["film"]).stem: (
            dict(zip(names, item["table"][0], strict=True)),
            dict(zip(names, item["table"][1], strict=True)),
        )
        for item in split_items(cohort, None, spec)
    }


def test_one_sample_a_film(folder: Path, opened: Callable[[CohortContent], Cohort]) -> None:
    cohort = opened(build(folder))
    assert cohort.labels("icu").height == 5
    assert set(_tables(cohort)) == {"i1", "i2", "i3", "i4", "i5"}


def test_films_and_values_lie_on_the_axis_of_the_patient(folder: Path) -> None:
    content = build(folder)
    assert content.images is not None
    times = dict(content.images.select("path", "time").iter_rows())
    assert times["i1.jpg"] == datetime(2000, 1, 1, 12)
    assert times["i2.jpg"] == datetime(2000, 1, 5, 12)
    assert times["i3.jpg"] == datetime(2000, 1, 5, 12, 1)
    assert times["i5.jpg"] == datetime(1999, 12, 30, 12)
    crp = content.events.filter(pl.col("code") == "CRP").sort("time")
    assert crp["time"].to_list() == [datetime(1999, 12, 29), datetime(2000, 1, 1), datetime(2000, 1, 5)]


def test_a_film_sees_no_later_value(folder: Path, opened: Callable[[CohortContent], Cohort]) -> None:
    values, _ = _tables(opened(build(folder)))["i1"]
    assert values["c_reactive_protein"] == 10
    assert values["d_dimer"] != values["d_dimer"], "the D-dimer of the day after the film is not known yet"


def test_limits_are_flags(folder: Path, opened: Callable[[CohortContent], Cohort]) -> None:
    values, flags = _tables(opened(build(folder)))["i3"]
    assert (flags["c_reactive_protein"], flags["d_dimer"]) == (-1, 1)
    assert values["c_reactive_protein"] != values["c_reactive_protein"]


def test_labels_are_those_of_the_patient(folder: Path) -> None:
    content = build(folder)
    assert content.labels["icu"]["value"]["value"].to_list() == [True, True, True, False, True]
    assert content.labels["death"]["value"]["value"].to_list() == [False] * 4 + [True]


def test_outcomes_change_no_input(
    folder: Path, inputs: Callable[[CohortContent], list[tuple[object, ...]]], edit_csv: Callable[..., None]
) -> None:
    before = inputs(build(folder))
    outcomes = ("icu_admission_offset", "icu_release_offset", "death_offset")
    edit_csv(folder / "data.csv", {name: pl.col(name).reverse() for name in outcomes})
    assert inputs(build(folder)) == before


def test_no_code_carries_an_outcome_or_reaches_the_table_by_the_shortcut(folder: Path) -> None:
    content = build(folder)
    codes = set(content.events["code"].unique())
    assert codes <= {*LABS.values(), "GENDER", "PROJECTION", "MODALITY"}
    assert content.record.modalities.table is not None
    used = {code for field in content.record.modalities.table.fields for code in field.codes}
    assert not used & {"PROJECTION", "MODALITY"}


def test_control_sees_projection_and_sex_only(folder: Path) -> None:
    modalities = build(folder, inputs=Inputs.SHORTCUT).record.modalities
    assert modalities.table is not None
    assert modalities.names == ("table",)
    assert {field.codes for field in modalities.table.fields} == {("GENDER",), ("PROJECTION",)}


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("projection", None, "MISSING_COLUMN"),
        ("projection", pl.lit("lateral"), "VALUE_INVALID"),
        ("admission_offset", pl.lit(None, pl.String), "VALUE_INVALID"),
        ("crp_val", pl.lit("high"), "VALUE_INVALID"),
        ("crp_offset", pl.lit(None, pl.String), "VALUE_INVALID"),
        ("image_id", pl.lit("../data"), "PATH_ESCAPES"),
        ("image_id", pl.lit("absent"), "IMAGE_MISSING"),
    ],
)
def test_faults_are_refused(
    folder: Path, column: str, value: pl.Expr | None, code: str, edit_csv: Callable[..., None]
) -> None:
    edit_csv(folder / "data.csv", {column: value})
    with pytest.raises(InputRejected, match=code):
        build(folder)


@pytest.mark.shared
def test_real_pack(shared_data: Callable[[str], Path], inputs: Callable[..., list[tuple[object, ...]]]) -> None:
    pack = shared_data("cxr-hannover")
    content = build(pack)
    assert (content.splits.height, content.labels["icu"]["value"].height) == (49, 167)
    source = pl.read_csv(pack / "data.csv", columns=["patient_icu", "patient_death"])
    assert content.labels["icu"]["value"]["value"].sum() == source["patient_icu"].sum()
    assert content.labels["death"]["value"]["value"].sum() == source["patient_death"].sum()
    assert len(inputs(content)) == 167
