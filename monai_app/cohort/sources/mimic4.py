"""MIMIC-IV (hosp, icu) with MIMIC-CXR-JPG: the first 48 h of each ICU stay and the chest films of its patients.

Johnson et al., "MIMIC-IV, a freely accessible electronic health record dataset", Scientific Data 10:1, 2023.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from monai_app.cohort.codes import code_table
from monai_app.cohort.sources import mimic_cxr
from monai_app.cohort.sources.mimic_files import read_table, scan_table, times
from monai_app.cohort.sources.mimic_items import CHART_COLUMNS, read_values
from monai_app.cohort.sources.mimic_stays import (
    NEVER_INPUTS,
    STAY_CODES,
    STAY_COLUMNS,
    TASKS,
    death_events,
    end_of_life,
    samples_of,
    stay_facts,
    stay_labels,
    with_tuning,
)
from monai_app.cohort.sources.phenotypes import Phenotypes, phenotype_labels
from monai_app.cohort.sources.source_files import SourceFolder, numbers, split_of
from monai_app.cohort.spec import CohortRecord, ModalitySpec, Provenance
from monai_app.cohort.writer import CohortContent
from monai_app.core.resources import resource

LIMIT_AGE_YEARS = 91
"""MIMIC-IV writes the ages above 89 of a patient's anchor year as 91."""
_CHANGES = (
    "units read row by row and converted to UCUM: Fahrenheit to Celsius, pounds to kilograms, inches to centimetres; "
    "FiO2 above 1 is percent, whatever its unit column says",
    "texts of capillary refill become 0 (normal) and 1 (delayed); an intubated patient's verbal score is 1",
    "the total of the Glasgow coma scale is the sum of its three parts charted at one time",
    "urine and other fluids are kept out of glucose and pH",
    "values written as limits ('<0.2', 'GREATER THAN 10') have no number, censored -1 or +1",
    "laboratory values lie at charttime, when the specimen was taken, as in the published benchmarks; the result was "
    "known later, at storetime",
    "age: anchor_age and the years since anchor_year; ages above 89 in the anchor year have no number, censored +1",
    "a death in hospital lies at its minute, another at the last second of its day; no sample reaches either",
    "ICD codes are labels only",
)


def build(source: Path) -> CohortContent:
    """The cohort of a folder with hosp/, icu/ and, at will, MIMIC-CXR-JPG (its files beside them or in mimic-cxr-jpg/).

    Args:
        source: the folder; tables are plain CSV or gzip. Images are read in place.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``TABLE_EMPTY``, ``TABLE_UNREADABLE``,
            ``VALUE_INVALID``, ``UNIT_UNKNOWN``, ``UNIT_INCOMPATIBLE``, ``STAY_DUPLICATE``, ``LABEL_OUTSIDE_SET``,
            ``SPLIT_UNKNOWN``, ``SUBJECT_IN_TWO_SPLITS``, ``PATH_ESCAPES``, ``IMAGE_MISSING``, ``EMPTY_COHORT``.
    """
    folder = SourceFolder(source)
    admissions, patients = _admissions(folder), _patients(folder)
    samples, changes = samples_of(_stays(folder, admissions, patients))
    modalities = ModalitySpec.read(resource("configs", "cohorts", "mimic4.yaml"))
    values, value_changes = read_values(
        {
            "chart": scan_table(folder, "icu/chartevents.csv", columns=CHART_COLUMNS),
            "lab": scan_table(folder, "hosp/labevents.csv", columns=CHART_COLUMNS),
        },
        modalities,
        samples["subject_id"].unique(),
    )
    facts = [stay_facts(samples), values, death_events(admissions, patients)]
    splits, rule = with_tuning(*split_of(folder, samples.select("subject_id").unique(), key="subject_id"))
    definitions = Phenotypes.shipped()
    content = CohortContent(
        record=CohortRecord(
            name="mimic4",
            provenance=_provenance(folder.hashes, (*_CHANGES, *changes, *value_changes, rule)),
            modalities=modalities,
            tasks=(*TASKS, definitions.task),
            groups={"sex": "GENDER", "age_years": "AGE", "ethnicity": "ETHNICITY", "site": "CARE_UNIT"},
        ),
        events=pl.concat(facts, how="diagonal").join(splits, on="subject_id", how="semi"),
        codes=code_table(modalities, extra=STAY_CODES),
        splits=splits,
        labels={**stay_labels(samples), "phenotypes": phenotype_labels(samples, _diagnoses(folder), definitions)},
    )
    return _with_films(folder, content)


def _with_films(folder: SourceFolder, content: CohortContent) -> CohortContent:
    """The content with the films of its patients, their findings and the official split; without MIMIC-CXR, no film."""
    record = content.record
    if not mimic_cxr.has_films(folder):
        modalities = record.modalities.model_copy(update={"film": None})
        provenance = _provenance(folder.hashes, (*record.provenance.changes, "no MIMIC-CXR-JPG: no films"))
        return replace(content, record=record.model_copy(update={"modalities": modalities, "provenance": provenance}))
    films, film_changes = mimic_cxr.read_films(folder, content.splits["subject_id"])
    findings = mimic_cxr.radiology_labels(folder, films)
    splits, film_rule = mimic_cxr.official_splits(folder, content.splits)
    changes = (*record.provenance.changes, *mimic_cxr.CHANGES, *film_changes, film_rule)
    with_films = record.model_copy(
        update={
            "provenance": _provenance(folder.hashes, changes),
            "tasks": (*record.tasks, mimic_cxr.TASK),
            "image_root": str(mimic_cxr.image_root(folder)),
        }
    )
    return replace(
        content,
        record=with_films,
        splits=splits,
        labels={**content.labels, mimic_cxr.TASK.name: findings},
        images=films.drop("study_id"),
    )


def _admissions(folder: SourceFolder) -> pl.DataFrame:
    keys, minutes = ("subject_id", "hadm_id"), ("admittime", "dischtime", "deathtime")
    facts = ("admission_type", "race", "hospital_expire_flag")
    table = read_table(folder, "hosp/admissions.csv", columns=(*keys, *minutes, *facts))
    typed = numbers(table, keys, pl.Int64, table="admissions")
    return end_of_life(times(typed, minutes, table="admissions")).rename({"race": "ethnicity"})


def _patients(folder: SourceFolder) -> pl.DataFrame:
    columns = ("subject_id", "anchor_age", "anchor_year")
    table = read_table(folder, "hosp/patients.csv", columns=(*columns, "gender", "dod"))
    return times(numbers(table, columns, pl.Int64, table="patients"), ("dod",), table="patients")


def _stays(folder: SourceFolder, admissions: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
    columns = ("subject_id", "hadm_id", "stay_id", "first_careunit", "intime", "outtime")
    table = read_table(folder, "icu/icustays.csv", columns=columns)
    typed = numbers(table, columns[:3], pl.Int64, table="icustays")
    stays = times(typed, ("intime", "outtime"), table="icustays").join(
        admissions.drop("subject_id"), on="hadm_id", how="left", validate="m:1", maintain_order="left"
    )
    known = stays.join(patients, on="subject_id", how="left", validate="m:1", maintain_order="left")
    limit = pl.col("anchor_age") >= LIMIT_AGE_YEARS
    age_years = pl.col("anchor_age") + pl.col("intime").dt.year() - pl.col("anchor_year")
    return known.with_columns(
        pl.when(~limit).then(age_years).alias("age_years"),
        limit.cast(pl.Int8).fill_null(0).alias("age_limit"),
        pl.col("first_careunit").alias("care_unit"),
    ).select(pl.col(name).cast(dtype) for name, dtype in STAY_COLUMNS.items())


def _diagnoses(folder: SourceFolder) -> pl.DataFrame:
    table = read_table(folder, "hosp/diagnoses_icd.csv", columns=("hadm_id", "icd_code", "icd_version"))
    return numbers(table, ("hadm_id", "icd_version"), pl.Int64, table="diagnoses_icd")


def _provenance(hashes: dict[str, str], changes: tuple[str, ...]) -> Provenance:
    return Provenance(
        source="MIMIC-IV, https://physionet.org/content/mimiciv/; MIMIC-CXR-JPG, "
        "https://physionet.org/content/mimic-cxr-jpg/",
        source_version="by the hashes of its files",
        licence="PhysioNet Credentialed Health Data License 1.5.0",
        terms="To credentialed users only; nothing of it may be shared, nor sent to third parties.",
        attribution="Johnson A. et al., Scientific Data 10:1, 2023; Johnson A. et al., arXiv:1901.07042, 2019",
        source_sha256=hashes,
        changes=changes,
        never_inputs=(*NEVER_INPUTS, "chexpert"),
    )
