"""MIMIC-III: CHARTEVENTS and LABEVENTS of the first 48 h of each ICU stay, with the labels of the hospital tables.

Johnson et al., "MIMIC-III, a freely accessible critical care database", Scientific Data 3:160035, 2016.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from monai_app.cohort.codes import code_table
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

DEMO_FOLDER = "mimic-iii-clinical-database-demo-1.4"
SHIFTED_AGE_YEARS = 150
"""MIMIC-III moves the births of patients above 89 to 300 years before their first admission."""
NOTE_CODE = "NOTE//admission_diagnosis"
_CHANGES = (
    "rows of CHARTEVENTS marked as errors are left out",
    "units read row by row and converted to UCUM: Fahrenheit to Celsius, pounds to kilograms, inches to centimetres; "
    "FiO2 above 1 is percent, whatever its unit column says",
    "texts of capillary refill become 0 (normal) and 1 (delayed); an intubated patient's verbal score is 1",
    "the total of the Glasgow coma scale is the sum of its three parts where no total was charted at that time",
    "urine and other fluids are kept out of glucose and pH",
    "values written as limits ('<0.2', 'GREATER THAN 10') have no number, censored -1 or +1",
    "laboratory values lie at charttime, when the specimen was taken, as in the published benchmarks; the result was "
    "known later, at a time MIMIC-III does not tell",
    "ages above 89 have no number, censored +1",
    "a death in hospital lies at its minute, another at the last second of its day; no sample reaches either",
    "the diagnosis of ADMISSIONS, free text written at admission, is a note of that time; ICD codes are labels only",
)


def build(source: Path) -> CohortContent:
    """The cohort of a folder with the MIMIC-III tables (or the demo's folder in it) and, at will, splits.csv.

    Args:
        source: the folder; tables are plain CSV or gzip, column names in either case.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``TABLE_EMPTY``, ``TABLE_UNREADABLE``,
            ``VALUE_INVALID``, ``UNIT_UNKNOWN``, ``UNIT_INCOMPATIBLE``, ``STAY_DUPLICATE``, ``LABEL_OUTSIDE_SET``,
            ``SPLIT_UNKNOWN``, ``EMPTY_COHORT``.
    """
    folder = SourceFolder(source)
    admissions, patients = read_admissions(folder), read_patients(folder)
    samples, sample_changes = samples_of(read_stays(folder, admissions, patients))
    modalities = ModalitySpec.read(resource("configs", "cohorts", "mimic3.yaml"))
    values, value_changes = read_values(
        {
            "chart": scan_table(folder, *_names("CHARTEVENTS"), columns=CHART_COLUMNS, optional=("error",)),
            "lab": scan_table(folder, *_names("LABEVENTS"), columns=CHART_COLUMNS),
        },
        modalities,
        samples["subject_id"].unique(),
    )
    notes = admissions.drop_nulls("diagnosis").select(
        "subject_id", time="admittime", code=pl.lit(NOTE_CODE), text_value="diagnosis"
    )
    facts = [stay_facts(samples), values, notes, death_events(admissions, patients)]
    splits, split_rule = with_tuning(*split_of(folder, samples.select("subject_id").unique(), key="subject_id"))
    definitions = Phenotypes.shipped()
    record = CohortRecord(
        name="mimic3",
        provenance=_provenance(folder.hashes, (*_CHANGES, *sample_changes, *value_changes, split_rule)),
        modalities=modalities,
        tasks=(*TASKS, definitions.task),
        groups={"sex": "GENDER", "age_years": "AGE", "ethnicity": "ETHNICITY", "site": "CARE_UNIT"},
    )
    return CohortContent(
        record=record,
        events=pl.concat(facts, how="diagonal").join(splits, on="subject_id", how="semi"),
        codes=code_table(modalities, extra=STAY_CODES),
        splits=splits,
        labels={
            **stay_labels(samples),
            "phenotypes": phenotype_labels(samples, _diagnoses(folder), definitions),
        },
    )


def _names(table: str) -> tuple[str, str]:
    return f"{DEMO_FOLDER}/{table}.csv", f"{table}.csv"


def read_admissions(folder: SourceFolder) -> pl.DataFrame:
    """ADMISSIONS, with ``died_in_hospital``."""
    wanted = (
        "subject_id",
        "hadm_id",
        "admittime",
        "dischtime",
        "deathtime",
        "admission_type",
        "ethnicity",
        "diagnosis",
    )
    table = read_table(folder, *_names("ADMISSIONS"), columns=(*wanted, "hospital_expire_flag"))
    typed = numbers(table, ("subject_id", "hadm_id"), pl.Int64, table="ADMISSIONS")
    return end_of_life(times(typed, ("admittime", "dischtime", "deathtime"), table="ADMISSIONS"))


def read_patients(folder: SourceFolder) -> pl.DataFrame:
    """PATIENTS."""
    table = read_table(folder, *_names("PATIENTS"), columns=("subject_id", "gender", "dob", "dod"))
    typed = numbers(table, ("subject_id",), pl.Int64, table="PATIENTS")
    return times(typed, ("dob", "dod"), table="PATIENTS")


def read_stays(folder: SourceFolder, admissions: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
    """Every ICU stay with what the hospital tables know of it: STAY_COLUMNS."""
    columns = ("subject_id", "hadm_id", "icustay_id", "first_careunit", "intime", "outtime")
    table = read_table(folder, *_names("ICUSTAYS"), columns=columns)
    typed = numbers(table, columns[:3], pl.Int64, table="ICUSTAYS")
    stays = times(typed, ("intime", "outtime"), table="ICUSTAYS").join(
        admissions.drop("subject_id"), on="hadm_id", how="left", validate="m:1", maintain_order="left"
    )
    known = stays.join(patients, on="subject_id", how="left", validate="m:1", maintain_order="left")
    age_years = (pl.col("intime") - pl.col("dob")).dt.total_days() / 365.25
    shifted = age_years > SHIFTED_AGE_YEARS
    return known.with_columns(
        pl.col("icustay_id").alias("stay_id"),
        pl.when(~shifted).then(age_years).alias("age_years"),
        shifted.cast(pl.Int8).fill_null(0).alias("age_limit"),
        pl.col("first_careunit").alias("care_unit"),
    ).select(pl.col(name).cast(dtype) for name, dtype in STAY_COLUMNS.items())


def _diagnoses(folder: SourceFolder) -> pl.DataFrame:
    table = read_table(folder, *_names("DIAGNOSES_ICD"), columns=("hadm_id", "icd9_code"))
    typed = numbers(table, ("hadm_id",), pl.Int64, table="DIAGNOSES_ICD")
    return typed.select("hadm_id", pl.col("icd9_code").alias("icd_code"), pl.lit(9).alias("icd_version"))


def _provenance(hashes: dict[str, str], changes: tuple[str, ...]) -> Provenance:
    return Provenance(
        source="MIMIC-III Clinical Database, https://physionet.org/content/mimiciii/1.4/",
        source_version="1.4",
        licence="ODbL-1.0 (demo); the full database: PhysioNet Credentialed Health Data License 1.5.0",
        terms="Demo: redistribution with attribution, share-alike. Full database: to credentialed users only.",
        attribution="Johnson A. et al., Scientific Data 3:160035, 2016, doi:10.1038/sdata.2016.35",
        source_sha256=hashes,
        changes=changes,
        never_inputs=NEVER_INPUTS,
    )
