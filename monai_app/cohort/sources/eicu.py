"""eICU Collaborative Research Database: series, notes and a table of the first 24 h of a unit stay.

Pollard et al., "The eICU Collaborative Research Database", Scientific Data 5:180178, 2018. Hourly values as
extracted by YAIB (van de Water et al., ICLR 2024) where the raw laboratory and vital tables are not there.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import polars as pl

from monai_app.cohort.codes import code_table
from monai_app.cohort.sources.eicu_hourly import TASK, read_hourly
from monai_app.cohort.sources.eicu_labels import (
    MIN_PREVALENCE,
    Population,
    length_of_stay,
    mortality,
    phenotype_classes,
    phenotypes,
    read_diagnoses,
)
from monai_app.cohort.sources.eicu_notes import NOTE_CODES, read_notes
from monai_app.cohort.sources.eicu_raw import has_raw_series, read_raw
from monai_app.cohort.sources.eicu_stays import (
    BLOCK,
    FIRST_ADMISSION,
    PREDICTION_HOURS,
    STAY_CODES,
    read_stays,
    stay_facts,
)
from monai_app.cohort.sources.source_files import SourceFolder, split_of
from monai_app.cohort.spec import CohortRecord, ModalitySpec, Provenance, SeriesSpec, TaskKind, TaskSpec
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource


class SeriesTables(StrEnum):
    """Where the series come from."""

    AUTO = "auto"
    RAW = "raw"
    YAIB = "yaib"


_OUTCOMES = (
    "apachepatientresult",
    "apachepredvar.diedinhospital",
    "apachepredvar.dischargelocation",
    "diagnosis",
    *(f"patient.hospitaldischarge{field}" for field in ("status", "location", "offset", "time24")),
    *(f"patient.unitdischarge{field}" for field in ("status", "location", "offset", "time24")),
    "patient.dischargeweight",
    "splits.died",
)


def build(
    source: Path,
    *,
    series: SeriesTables = SeriesTables.AUTO,
    population: Population = Population.IN_HOSPITAL,
) -> CohortContent:
    """The cohort of the folder with eicu_demo/*.csv(.gz) (or the tables themselves), yaib_hourly/ and splits.csv.

    A sample is a unit stay at 24 h after its admission.

    Args:
        source: the folder.
        series: ``AUTO`` takes the raw tables where lab and vitalperiodic are there, else YAIB's hourly ones.
        population: whose mortality and phenotypes are labelled.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``VALUE_INVALID``, ``LABEL_OUTSIDE_SET``,
            ``UNIT_UNKNOWN``, ``TABLE_UNREADABLE``, ``STAY_DUPLICATE``, ``SPLIT_UNKNOWN``, ``SUBJECT_IN_TWO_SPLITS``,
            ``EMPTY_COHORT``.
    """
    folder = SourceFolder(source)
    stays = read_stays(folder)
    splits, split_rule = split_of(folder, stays.select("uniquepid", "subject_id").unique(), key="uniquepid")
    modalities = ModalitySpec.read(resource("configs", "cohorts", "eicu.yaml"))
    assert modalities.series is not None, "configs/cohorts/eicu.yaml has no series"
    values, series_changes = _series(folder, stays, modalities.series, series)
    diagnoses = read_diagnoses(folder)
    train = stays.join(splits.filter(pl.col("split") == "train"), on="subject_id", how="semi")["patientunitstayid"]
    classes = phenotype_classes(diagnoses, train)
    if not classes:
        raise InputRejected("EMPTY_COHORT", "no diagnosis is frequent enough to be a phenotype", expected="one or more")
    events = pl.concat([stay_facts(folder, stays), values, read_notes(folder, stays)], how="diagonal")
    record = CohortRecord(
        name="eicu",
        provenance=_provenance(folder.hashes, (*_changes(classes, population), *series_changes, split_rule)),
        modalities=modalities,
        tasks=_tasks(classes),
        groups={"sex": "GENDER", "age_years": "AGE", "site": "REGION", "ethnicity": "ETHNICITY"},
    )
    return CohortContent(
        record=record,
        events=events,
        codes=code_table(modalities, extra={**STAY_CODES, **NOTE_CODES}),
        splits=splits,
        labels={
            "mortality": {"value": mortality(stays, population)},
            "phenotypes": phenotypes(stays, diagnoses, classes, population),
            "length_of_stay": {"value": length_of_stay(stays)},
        },
    )


def _series(
    folder: SourceFolder, stays: pl.DataFrame, spec: SeriesSpec, series: SeriesTables
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    if series is SeriesTables.RAW or (series is SeriesTables.AUTO and has_raw_series(folder)):
        events, changes = read_raw(folder, stays, spec)
        told = "series from the raw tables: laboratory values at their minute, vitals as means of an hour"
        return events, (told, *changes)
    told = f"series from yaib_hourly/{TASK}: the value of an hour lies at its end; units as YAIB's concepts define them"
    return read_hourly(folder, stays, spec), (told,)


def _tasks(classes: dict[str, str]) -> tuple[TaskSpec, ...]:
    return (
        TaskSpec(
            name="mortality",
            kind=TaskKind.BINARY,
            description=f"death in hospital, predicted {PREDICTION_HOURS} h after unit admission",
        ),
        TaskSpec(
            name="phenotypes",
            kind=TaskKind.MULTILABEL,
            description="diagnoses documented at any time of the unit stay, by the first two levels of their path",
            classes=tuple(classes.values()),
        ),
        TaskSpec(
            name="length_of_stay",
            kind=TaskKind.REGRESSION,
            description=f"days in the unit, of stays longer than {PREDICTION_HOURS} h",
            unit="d",
        ),
    )


def _changes(classes: dict[str, str], population: Population) -> tuple[str, ...]:
    labelled = {
        Population.IN_HOSPITAL: "patients who had died or left the hospital by then are no samples",
        Population.EVERY_STAY: "also patients who had died or left by then are labelled, though their series tells",
    }
    return (
        f"time axis: minutes from unit admission; the first hospital stay of a patient is admitted at "
        f"{FIRST_ADMISSION:%Y-%m-%dT%H:%M}, each further one {BLOCK.days} days later; unit stays of a hospital stay "
        "lie as their hospitaladmitoffset says",
        "hospital stays are laid out by year of discharge, then patienthealthsystemstayid: eICU does not tell their "
        "order within a year, so the windows of table, notes and series keep them from seeing each other",
        f"a sample lies {PREDICTION_HOURS} h after unit admission; {labelled[population]}; unit stays that begin in "
        "the same minute are one sample",
        "age '> 89' is a limit: no number, censored +1",
        "notes: click paths as phrases at the minute they were entered; paths that work the program are left out",
        "diagnoses, discharge fields and APACHE results are no events; neither is death",
        f"phenotypes: more than {MIN_PREVALENCE:.0%} of the train stays; stays without any diagnosis are unlabelled: "
        + ", ".join(f"{name} = {levels}" for levels, name in classes.items()),
        "patients are numbered by a hash of uniquepid",
    )


def _provenance(hashes: dict[str, str], changes: tuple[str, ...]) -> Provenance:
    return Provenance(
        source="eICU Collaborative Research Database, demo v2.0, https://physionet.org/content/eicu-crd-demo/2.0/",
        source_version="2.0",
        licence="ODbL-1.0 (demo); the full database: PhysioNet Credentialed Health Data License 1.5.0",
        terms="Demo: redistribution with attribution, share-alike. Hourly extracts from YAIB's demo data (MIT).",
        attribution="Pollard T. et al., Scientific Data 5:180178, 2018; van de Water R. et al., ICLR 2024 (YAIB)",
        source_sha256=hashes,
        changes=changes,
        never_inputs=_OUTCOMES,
    )
