"""Phenotypes: 25 conditions whose codes do not overlap, read at the start of an ICD code only."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import polars as pl
import pytest

from monai_app.cohort.sources.phenotypes import Phenotypes, phenotype_labels
from monai_app.core.errors import InputRejected

SAMPLES = pl.DataFrame({"subject_id": [1], "hadm_id": [7], "prediction_time": [dt.datetime(2150, 1, 3)]})


def conditions(*codes: tuple[str, int], hadm_id: int = 7) -> dict[str, bool | None]:
    schema = {"icd_code": pl.String, "icd_version": pl.Int64}
    diagnoses = pl.DataFrame(list(codes), schema=schema, orient="row").with_columns(hadm_id=pl.lit(hadm_id, pl.Int64))
    labels = phenotype_labels(SAMPLES, diagnoses, Phenotypes.shipped())
    return {name: frame["value"].item() for name, frame in labels.items()}


def true_ones(*codes: tuple[str, int]) -> list[str]:
    return [name for name, value in conditions(*codes).items() if value]


def test_there_are_the_25_of_the_benchmark() -> None:
    assert len(Phenotypes.shipped().task.classes) == 25


@pytest.mark.parametrize(
    ("code", "version", "name"),
    [
        ("0389", 9, "septicemia"),
        ("A419", 10, "septicemia"),
        ("41071", 9, "acute_myocardial_infarction"),
        ("I214", 10, "acute_myocardial_infarction"),
        ("5849", 9, "acute_renal_failure"),
        ("N179", 10, "acute_renal_failure"),
        ("4280", 9, "congestive_heart_failure"),
        ("I509", 10, "congestive_heart_failure"),
        ("51881", 9, "respiratory_failure"),
        ("J9601", 10, "respiratory_failure"),
        ("25000", 9, "diabetes_without_complication"),
        ("E119", 10, "diabetes_without_complication"),
        ("E1122", 10, "diabetes_with_complications"),
        ("78552", 9, "shock"),
        ("R6521", 10, "shock"),
        ("486", 9, "pneumonia"),
        ("J189", 10, "pneumonia"),
    ],
)
def test_common_codes_mean_their_condition_only(code: str, version: int, name: str) -> None:
    assert true_ones((code, version)) == [name]


def test_a_code_inside_another_is_not_found() -> None:
    assert true_ones(("V5849", 9)) == []


def test_no_code_at_all_is_unlabelled_not_healthy() -> None:
    assert set(conditions(("4280", 9), hadm_id=8).values()) == {None}


def test_other_icd_versions_are_refused() -> None:
    with pytest.raises(InputRejected, match="VALUE_INVALID"):
        conditions(("4280", 8))


def test_prefixes_of_different_conditions_do_not_overlap() -> None:
    for one, other in combinations(Phenotypes.shipped().phenotypes, 2):
        for mine, theirs in ((one.icd9, other.icd9), (one.icd10, other.icd10)):
            clash = [(a, b) for a in mine for b in theirs if a.startswith(b) or b.startswith(a)]
            assert not clash, (one.name, other.name, clash)
