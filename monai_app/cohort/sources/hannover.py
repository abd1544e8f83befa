"""Hannover COVID-19 Image Repository: chest films with laboratory values, ICU stay and death.

Winther et al., "COVID-19 Image Repository", 2020, doi:10.6084/m9.figshare.12275009. Units and the meaning of ``inf``
are those of its readme.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path

import polars as pl

from monai_app.cohort.censoring import censored, measured
from monai_app.cohort.codes import code_table
from monai_app.cohort.sources.source_files import SourceFolder, image_files, numbers, split_of, subject_numbers
from monai_app.cohort.spec import CohortRecord, ModalitySpec, Provenance, TaskKind, TaskSpec
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource


class Inputs(StrEnum):
    """What the cohort's models may see."""

    CLINICAL = "hannover"
    SHORTCUT = "hannover_shortcut"


ADMISSION_DAY = datetime(2000, 1, 1)
"""The source has no dates; every patient is admitted on this day."""
FILM_HOUR = 12
"""Films lie at noon of their day and laboratory values at its start, so that a film sees the values of its own day."""
LABS = {
    "crp": "CRP",
    "d-dimer": "D_DIMER",
    "factor_xii": "FACTOR_XIII",
    "ldh": "LDH",
    "lymphocytes": "LYMPHOCYTES",
    "neutrophils": "NEUTROPHILS",
    "pco2": "PCO2",
    "po2": "PO2",
}
"""Column stem -> event code."""
_OUTCOMES = ("icu_admission_offset", "icu_release_offset", "death_offset", "patient_icu", "patient_death")
_OFFSETS = ("admission_offset", "icu_admission_offset", "death_offset", *(f"{lab}_offset" for lab in LABS))
_COLUMNS = (
    *("patient_id", "image_id", "sex", "modality", "projection"),
    *_OFFSETS,
    *(f"{lab}_val" for lab in LABS),
)
_VOCABULARY = {
    "sex": {"f": "F", "w": "F", "m": "M"},
    "projection": {"ap": "AP", "pa": "PA"},
    "modality": {"CR": "CR", "DX": "DX"},
}
_TASKS = (
    TaskSpec(
        name="icu",
        kind=TaskKind.BINARY,
        description="the patient was in intensive care at any time of this illness, before, at or after the film: "
        "a mark of severity, not a forecast",
    ),
    TaskSpec(name="death", kind=TaskKind.BINARY, description="the patient died in this illness, at any time later"),
)
_CHANGES = (
    f"time axis: the source counts days from each film; day 0 is the admission (= {ADMISSION_DAY:%Y-%m-%d}), "
    "a film lies on day -admission_offset and its values on that day plus their offset",
    f"films lie at {FILM_HOUR}:00 of their day, further films of the day a minute apart in the order of image_id "
    "(their true order is unknown); values lie at 00:00, so that those of the day count as known to the film",
    "inf and -inf are limits of detection: no number, censored +1 or -1",
    "a value that several films report for the same day is one event",
    "factor_xii is coagulation factor XIII by the source's readme",
    "projection and modality are events, but no default input: they tell who was filmed in bed",
    "patients are numbered by a hash of patient_id",
)


def build(source: Path, *, inputs: Inputs = Inputs.CLINICAL) -> CohortContent:
    """The cohort of the folder with data.csv, images/ and, at will, splits.csv: one sample a film.

    Labels are the same for all films of a patient. ``icu``: any film of the patient has an icu_admission_offset;
    ``death``: any has a death_offset.

    Args:
        source: the folder.
        inputs: ``SHORTCUT`` gives the control cohort whose only inputs are sex and projection.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``VALUE_INVALID``, ``IMAGE_MISSING``,
            ``PATH_ESCAPES``, ``SPLIT_UNKNOWN``, ``SUBJECT_IN_TWO_SPLITS``.
    """
    folder = SourceFolder(source)
    films = _films(folder)
    splits, split_rule = split_of(folder, films.select("patient_id", "subject_id").unique(), key="patient_id")
    modalities = ModalitySpec.read(resource("configs", "cohorts", f"{inputs.value}.yaml"))
    clinical = ModalitySpec.read(resource("configs", "cohorts", f"{Inputs.CLINICAL.value}.yaml"))
    extra: dict[str, tuple[str, str | None]] = {
        "PROJECTION": ("projection of the film, a shortcut to severity", None),
        "MODALITY": ("computed or digital radiography, a shortcut to severity", None),
    }
    record = CohortRecord(
        name=inputs.value,
        provenance=_provenance(folder.hashes, (*_CHANGES, split_rule)),
        modalities=modalities,
        tasks=_TASKS,
        groups={"sex": "GENDER", "projection": "PROJECTION"},
    )
    names = [f"{name}.jpg" for name in films["image_id"]]
    return CohortContent(
        record=record,
        events=pl.concat([_facts(films), _labs(films)], how="diagonal"),
        codes=code_table(clinical, extra=extra),
        splits=splits,
        labels=_labels(films),
        images=films.select(
            "subject_id",
            "time",
            pl.concat_str("image_id", pl.lit(".jpg")).alias("path"),
            "modality",
            pl.col("projection").alias("view"),
        ),
        image_files=image_files(folder, "images", names),
    )


def _films(folder: SourceFolder) -> pl.DataFrame:
    """One row a film: subject_id, time, day and the columns, with sex, projection and modality in MEDS words."""
    films = numbers(folder.table("data.csv", columns=_COLUMNS), _OFFSETS, pl.Float64, table="data.csv")
    if films["admission_offset"].null_count():
        raise InputRejected("VALUE_INVALID", "data.csv has films without admission_offset", expected="a day for each")
    for column, words in _VOCABULARY.items():
        films = films.with_columns(pl.col(column).replace_strict(words, default=None, return_dtype=pl.String))
        if films[column].null_count():
            raise InputRejected(
                "VALUE_INVALID",
                f"data.csv, column {column}, holds words outside its list",
                got=f"{films[column].null_count()} rows",
                expected=", ".join(words),
            )
    films = films.with_columns(
        subject_numbers(pl.col("patient_id"), "hannover").alias("subject_id"),
        (pl.lit(ADMISSION_DAY) - pl.duration(days=pl.col("admission_offset"))).dt.round("1d").alias("day"),
    )
    place = (pl.col("image_id").rank("ordinal") - 1).over("subject_id", "day")
    return films.with_columns((pl.col("day") + pl.duration(hours=FILM_HOUR, minutes=place)).alias("time"))


def _facts(films: pl.DataFrame) -> pl.DataFrame:
    sex = films.select("subject_id", pl.lit("GENDER").alias("code"), pl.col("sex").alias("text_value")).unique()
    of_film = [
        films.select("subject_id", "time", pl.lit(column.upper()).alias("code"), pl.col(column).alias("text_value"))
        for column in ("projection", "modality")
    ]
    return pl.concat([sex, *of_film], how="diagonal")


def _labs(films: pl.DataFrame) -> pl.DataFrame:
    """The laboratory values of all films on the patient's axis, each once."""
    frames = []
    for lab, code in LABS.items():
        value, offset = pl.col(f"{lab}_val"), pl.col(f"{lab}_offset")
        rows = films.filter(value.is_not_null())
        unplaced = rows.filter(offset.is_null() | censored(value).is_null()).height
        if unplaced:
            raise InputRejected(
                "VALUE_INVALID",
                f"data.csv, {lab}, has values without a day or a number",
                got=f"{unplaced} rows",
                expected="a number, inf or -inf, and its offset in days",
            )
        frames.append(
            rows.select(
                "subject_id",
                (pl.col("day") + pl.duration(days=offset)).alias("time"),
                pl.lit(code).alias("code"),
                measured(value).alias("numeric_value"),
                censored(value).alias("censored"),
            )
        )
    return pl.concat(frames).unique()


def _labels(films: pl.DataFrame) -> dict[str, dict[str, pl.DataFrame]]:
    keyed = films.with_columns(pl.col("time").alias("prediction_time"))
    outcome = {"icu": "icu_admission_offset", "death": "death_offset"}
    return {
        task: {
            "value": keyed.select(
                "subject_id",
                "prediction_time",
                pl.col(column).is_not_null().any().over("subject_id").alias("value"),
            )
        }
        for task, column in outcome.items()
    }


def _provenance(hashes: dict[str, str], changes: tuple[str, ...]) -> Provenance:
    return Provenance(
        source="COVID-19 Image Repository, Hannover Medical School, https://github.com/ml-workgroup/covid-19-image-repository",
        source_version="figshare 12275009",
        licence="CC-BY-3.0",
        terms="Redistribution and changes allowed with attribution. Small: every interval is wide.",
        attribution="Winther H. B. et al., COVID-19 Image Repository, 2020, doi:10.6084/m9.figshare.12275009",
        source_sha256=hashes,
        changes=changes,
        never_inputs=_OUTCOMES,
    )
