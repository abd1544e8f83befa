"""eICU labels: phenotypes are named on train stays only."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.sources.eicu_labels import (
    Population,
    length_of_stay,
    mortality,
    phenotype_classes,
    phenotypes,
    read_diagnoses,
)
from monai_app.cohort.sources.eicu_stays import read_stays
from monai_app.cohort.sources.source_files import SourceFolder


@pytest.fixture
def stays(eicu_folder: Path) -> pl.DataFrame:
    return read_stays(SourceFolder(eicu_folder))


@pytest.fixture
def diagnoses(eicu_folder: Path) -> pl.DataFrame:
    return read_diagnoses(SourceFolder(eicu_folder))


def test_classes_come_from_train_stays_only(diagnoses: pl.DataFrame) -> None:
    classes = phenotype_classes(diagnoses, pl.Series([1, 2, 3]))
    assert classes == {"pulmonary|A / B": "pulmonary_a_b", "renal|disorder of kidney": "renal_disorder_of_kidney"}


def test_rare_phenotype_is_no_class(diagnoses: pl.DataFrame) -> None:
    many = pl.Series([1, 2, 3, *range(100, 120)])
    assert set(phenotype_classes(diagnoses, many)) == {"pulmonary|A / B"}


def test_stay_without_any_diagnosis_is_unlabelled(stays: pl.DataFrame, diagnoses: pl.DataFrame) -> None:
    undocumented = diagnoses.filter(pl.col("patientunitstayid") != 6)
    classes = phenotype_classes(diagnoses, pl.Series([1, 2, 3]))
    with_six = phenotypes(stays, diagnoses, classes, Population.IN_HOSPITAL)["renal_disorder_of_kidney"]
    without = phenotypes(stays, undocumented, classes, Population.IN_HOSPITAL)["renal_disorder_of_kidney"]
    assert (with_six.height, without.height) == (5, 4)
    assert with_six["value"].sum() == without["value"].sum() == 2


def test_length_of_stay_only_of_those_still_there(stays: pl.DataFrame) -> None:
    days = length_of_stay(stays)["value"].to_list()
    assert days == pytest.approx([3000 / 1440, 1500 / 1440, 2000 / 1440, 2900 / 1440])


def test_stays_of_the_same_minute_are_one_sample(stays: pl.DataFrame) -> None:
    twin = stays.filter(pl.col("patientunitstayid") == 3).with_columns(
        pl.lit(33).cast(pl.Int64).alias("patientunitstayid"), pl.lit("Alive").alias("hospitaldischargestatus")
    )
    labels = mortality(pl.concat([stays, twin]), Population.IN_HOSPITAL)
    assert labels.height == mortality(stays, Population.IN_HOSPITAL).height
    assert labels["value"].sum() == 2
