"""Labels of eICU: hospital mortality, length of the unit stay and phenotypes; none of their columns is an input."""

from __future__ import annotations

import re
from enum import StrEnum

import polars as pl

from monai_app.cohort.sources.eicu_stays import PREDICTION_HOURS
from monai_app.cohort.sources.source_files import SourceFolder, labels_from_text, numbers

MIN_PREVALENCE = 0.06
"""Share of the train stays above which the first two levels of a diagnosis are a phenotype."""
_STATUS: dict[str, bool | None] = {"Alive": False, "Expired": True, "": None}
_KEYS = ("subject_id", "prediction_time")


class Population(StrEnum):
    """Whose mortality and phenotypes are labelled.

    ``IN_HOSPITAL``: patients still in hospital at the prediction time, as a prediction needs. ``EVERY_STAY``: all, also
    those who had died or left by then; only to compare with figures measured that way, since a series that ends early
    tells.
    """

    IN_HOSPITAL = "in_hospital"
    EVERY_STAY = "every_stay"


def read_diagnoses(folder: SourceFolder) -> pl.DataFrame:
    """Patientunitstayid and phenotype (the first two levels of diagnosisstring), each pair once.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``VALUE_INVALID``.
    """
    columns = ("patientunitstayid", "diagnosisstring")
    rows = folder.table("eicu_demo/diagnosis.csv", "diagnosis.csv", columns=columns)
    typed = numbers(rows, columns[:1], pl.Int64, table="diagnosis").drop_nulls()
    levels = pl.col("diagnosisstring").str.split("|").list.head(2).list.join("|")
    return typed.select("patientunitstayid", levels.alias("phenotype")).unique(maintain_order=True)


def phenotype_classes(diagnoses: pl.DataFrame, train_stays: pl.Series) -> dict[str, str]:
    """The phenotypes of more than 6 % of the train stays, most frequent first: diagnosis levels -> class name.

    Args:
        diagnoses: from :func:`read_diagnoses`.
        train_stays: patientunitstayid of every train stay, with or without a diagnosis.
    """
    counts = diagnoses.filter(pl.col("patientunitstayid").is_in(train_stays.implode())).group_by("phenotype").len()
    frequent = counts.filter(pl.col("len") > MIN_PREVALENCE * len(train_stays))
    names = frequent.sort("len", "phenotype", descending=[True, False])["phenotype"].to_list()
    return {name: re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in names}


def mortality(stays: pl.DataFrame, population: Population) -> pl.DataFrame:
    """Death in hospital; unlabelled without a status.

    Raises:
        InputRejected: ``LABEL_OUTSIDE_SET``.
    """
    died = labels_from_text(stays, "hospitaldischargestatus", _STATUS, task="mortality")
    return _one_each(_labelled(stays, population).select(*_KEYS, died.alias("value")))


def length_of_stay(stays: pl.DataFrame) -> pl.DataFrame:
    """Days in the unit from admission to discharge, of patients who are still there at the prediction time."""
    in_hospital = _labelled(stays, Population.IN_HOSPITAL)
    still_there = in_hospital.filter(pl.col("unitdischargeoffset") > PREDICTION_HOURS * 60)
    return _one_each(still_there.select(*_KEYS, (pl.col("unitdischargeoffset") / (60 * 24)).alias("value")))


def phenotypes(
    stays: pl.DataFrame, diagnoses: pl.DataFrame, classes: dict[str, str], population: Population
) -> dict[str, pl.DataFrame]:
    """One table a class, of stays with any diagnosis at all."""
    documented = _labelled(stays, population).filter(
        pl.col("patientunitstayid").is_in(diagnoses["patientunitstayid"].unique().implode())
    )
    tables = {}
    for phenotype, name in classes.items():
        having = diagnoses.filter(pl.col("phenotype") == phenotype)["patientunitstayid"]
        value = pl.col("patientunitstayid").is_in(having.implode())
        tables[name] = _one_each(documented.select(*_KEYS, value.alias("value")))
    return tables


def _labelled(stays: pl.DataFrame, population: Population) -> pl.DataFrame:
    if population is Population.EVERY_STAY:
        return stays
    return stays.filter(pl.col("hospitaldischargeoffset") > PREDICTION_HOURS * 60)


def _one_each(labels: pl.DataFrame) -> pl.DataFrame:
    """Unit stays that begin in the same minute are one sample: what holds for any of them holds for it."""
    return labels.group_by(_KEYS, maintain_order=True).agg(pl.col("value").max())
