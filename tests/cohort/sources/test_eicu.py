"""eICU: the first 24 h of a unit stay, and nothing that tells how it ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.sources.eicu import SeriesTables, build
from monai_app.cohort.sources.eicu_labels import Population
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected

Edit = Callable[..., None]


def _items(cohort: Cohort) -> list[dict[str, Any]]:
    return split_items(cohort, None, cohort.model_spec())


def test_samples_are_stays_whose_patient_is_in_hospital(
    eicu_folder: Path, opened: Callable[[CohortContent], Cohort]
) -> None:
    content = build(eicu_folder)
    assert content.labels["mortality"]["value"].drop_nulls()["value"].to_list() == [False, False, True, True]
    assert len(_items(opened(content))) == 5
    everybody = build(eicu_folder, population=Population.EVERY_STAY)
    assert everybody.labels["mortality"]["value"].height == 6


def test_series_end_at_24_hours(eicu_folder: Path, opened: Callable[[CohortContent], Cohort]) -> None:
    cohort = opened(build(eicu_folder))
    spec = cohort.model_spec().modalities.series
    assert spec is not None
    names = [channel.name for channel in spec.channels]
    for item in _items(cohort):
        values, mask, _ = item["series"]
        assert values.shape == (24, 48)
        assert np.array_equal(values[:, names.index("heart_rate")], 60 + np.arange(24, dtype=np.float32))
        assert not mask[:, names.index("temperature")].any()


def test_notes_end_at_24_hours_and_stay_in_their_hospital_stay(
    eicu_folder: Path, opened: Callable[[CohortContent], Cohort]
) -> None:
    notes = sorted(item["note"] for item in _items(opened(build(eicu_folder))))
    assert notes == [
        "",
        "note: Skin negative\nphysical exam: HR Lowest 98",
        "note: Skin negative\nphysical exam: HR Lowest 98\npast history: hypothyroidism\nphysical exam: HR Lowest 11\n"
        "physical exam: HR Lowest 55",
        "past history: hypothyroidism",
        "physical exam: HR Lowest 77",
    ]


def test_table_and_groups(eicu_folder: Path, opened: Callable[[CohortContent], Cohort]) -> None:
    items = _items(opened(build(eicu_folder)))
    oldest = next(item for item in items if item["table"][1, 0] == 1)
    assert np.isnan(oldest["table"][0, 0])
    assert oldest["group_site"] == "South"
    unknown = next(item for item in items if item["group_ethnicity"] == "Hispanic")
    assert np.isnan(unknown["table"][0, 1:3]).all()
    assert unknown["group_site"] == unknown["group_sex"] == "unknown"


def test_outcomes_change_no_input(
    eicu_folder: Path, inputs: Callable[[CohortContent], list[tuple[object, ...]]], edit_csv: Edit
) -> None:
    before = inputs(build(eicu_folder))
    outcomes = ("hospitaldischargestatus", "hospitaldischargelocation", "unitdischargeoffset", "dischargeweight")
    edit_csv(eicu_folder / "eicu_demo" / "patient.csv", {name: pl.col(name).reverse() for name in outcomes})
    edit_csv(eicu_folder / "eicu_demo" / "diagnosis.csv", {"diagnosisstring": pl.col("diagnosisstring").reverse()})
    assert inputs(build(eicu_folder)) == before


def test_no_code_carries_an_outcome(eicu_folder: Path) -> None:
    content = build(eicu_folder)
    codes = set(content.events["code"].unique())
    assert codes == {
        *("AGE", "GENDER", "HEIGHT", "WEIGHT", "ETHNICITY", "HOSPITAL", "REGION", "UNIT_TYPE", "UNIT_ADMIT_SOURCE"),
        *("HR", "TEMP", "NOTE//exam", "NOTE//history", "NOTE//note"),
    }
    assert "patient.hospitaldischargestatus" in content.record.provenance.never_inputs


def test_provenance_says_where_the_series_come_from(eicu_folder: Path) -> None:
    changes = build(eicu_folder).record.provenance.changes
    assert any("yaib_hourly/los" in change for change in changes)
    with pytest.raises(InputRejected, match=r"SOURCE_INCOMPLETE.*lab"):
        build(eicu_folder, series=SeriesTables.RAW)


@pytest.mark.parametrize(
    ("table", "column", "value", "code"),
    [
        ("patient", "age", None, "MISSING_COLUMN"),
        ("patient", "age", pl.lit("old"), "VALUE_INVALID"),
        ("patient", "gender", pl.lit("X"), "VALUE_INVALID"),
        ("patient", "hospitaladmitoffset", pl.lit("soon"), "VALUE_INVALID"),
        ("patient", "uniquepid", pl.lit(None, pl.String), "VALUE_INVALID"),
        ("patient", "patientunitstayid", pl.lit("1"), "STAY_DUPLICATE"),
        ("patient", "hospitaldischargestatus", pl.lit("Vanished"), "LABEL_OUTSIDE_SET"),
        ("diagnosis", "diagnosisstring", None, "MISSING_COLUMN"),
        ("diagnosis", "patientunitstayid", pl.lit("999"), "EMPTY_COHORT"),
        ("physicalexam", "physicalexamoffset", pl.lit("x"), "VALUE_INVALID"),
    ],
)
def test_faults_are_refused(
    eicu_folder: Path, table: str, column: str, value: pl.Expr | None, code: str, edit_csv: Edit
) -> None:
    edit_csv(eicu_folder / "eicu_demo" / f"{table}.csv", {column: value})
    with pytest.raises(InputRejected, match=code):
        build(eicu_folder)


@pytest.mark.parametrize("name", ["eicu_demo/note.csv", "yaib_hourly/los/dyn.parquet", "eicu_demo/patient.csv"])
def test_absent_table_is_named(eicu_folder: Path, name: str) -> None:
    (eicu_folder / name).unlink()
    with pytest.raises(InputRejected, match=f"SOURCE_INCOMPLETE.*{name}"):
        build(eicu_folder)


@pytest.mark.shared
def test_real_pack(shared_data: Callable[[str], Path], opened: Callable[[CohortContent], Cohort]) -> None:
    content = build(shared_data("ehr-eicu-demo"))
    assert content.splits.height == 1289
    mortality = content.labels["mortality"]["value"].drop_nulls()
    assert (mortality.height, mortality["value"].sum()) == (1543, 110)
    assert len(content.record.tasks[1].classes) == 14
    assert len(_items(opened(content))) == 1566
