"""IEEE 8023 covid-chestxray-dataset: chest films of published cases with sparse facts, notes and outcomes.

Cohen et al., "COVID-19 Image Data Collection: Prospective Predictions Are the Future", 2020, arXiv:2006.11988. Columns
as its SCHEMA.md defines them; the pack adds finding_fixed, y_covid, notes_masked, image and split.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path

import polars as pl

from monai_app.cohort.censoring import censored, measured
from monai_app.cohort.codes import code_table
from monai_app.cohort.sources.lung_masks import lung_masks
from monai_app.cohort.sources.source_files import (
    SourceFolder,
    image_files,
    labels_from_text,
    numbers,
    split_of,
    subject_numbers,
)
from monai_app.cohort.spec import CohortRecord, ModalitySpec, Provenance, TaskKind, TaskSpec
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource


class Notes(StrEnum):
    """Which column the notes are taken from."""

    MASKED = "notes_masked"
    RAW_LEAKS_THE_LABEL = "clinical_notes"


class Republished(StrEnum):
    """What becomes of the films of a patient whom another site had published already, under another patient number."""

    LEFT_OUT = "left_out"
    KEPT = "kept"


REPUBLISHED_CASES = (
    "https://radiopaedia.org/cases/covid-19-rapidly-progressive-acute-respiratory-distress-syndrome-ards",
)
"""Beginnings of the addresses of such cases (this one is https://www.eurorad.org/case/16660), found by the perceptual
hashes of ``monai-app cohort check`` and confirmed by eye: the two patient numbers stand in different splits."""

DAY_ZERO = datetime(2000, 1, 1)
"""Day 0 of every patient: the start of symptoms or of the hospital stay, by the source's ``offset``."""
UNDATED_DAY = -20_000
"""Films without an offset lie from this day on, two days apart, so that no study sees another of unknown order."""
_FILM_HOUR = 12
_OUTCOMES = (
    *("finding", "finding_fixed", "survival", "intubated", "intubation_present", "went_icu", "in_icu"),
    *("needed_supplemental_O2", "extubated", "clinical_notes"),
)
_FACTS = {
    "age": "AGE",
    "temperature": "TEMPERATURE",
    "pO2_saturation": "SPO2",
    "leukocyte_count": "WBC",
    "neutrophil_count": "NEUTROPHILS",
    "lymphocyte_count": "LYMPHOCYTES",
}
_ORIGIN = ("license", "url", "doi", "other_notes")
_YES_NO: dict[str, bool | None] = {"Y": True, "N": False, "Not visible": None, "Would have been stated": None}
_LABELS: dict[str, tuple[str, dict[str, bool | None]]] = {
    "covid": ("y_covid", {"1.0": True, "0.0": False, "1": True, "0": False}),
    "survived": ("survival", _YES_NO),
    "icu": ("went_icu", _YES_NO),
    "intubated": ("intubated", _YES_NO),
}
_COLUMNS = (
    "patientid",
    "offset",
    "sex",
    "view",
    "image",
    *_FACTS,
    *_ORIGIN,
    *(column for column, _ in _LABELS.values()),
)
_TASKS = (
    TaskSpec(name="covid", kind=TaskKind.BINARY, description="the case is COVID-19 rather than another pneumonia"),
    TaskSpec(name="survived", kind=TaskKind.BINARY, description="the patient survived, where the case says so"),
    TaskSpec(name="icu", kind=TaskKind.BINARY, description="the patient went to intensive care at any time"),
    TaskSpec(name="intubated", kind=TaskKind.BINARY, description="the patient was intubated at any time"),
)
_CHANGES = (
    f"time axis: day 0 is {DAY_ZERO:%Y-%m-%d}; a film lies at {_FILM_HOUR}:00 of day ``offset``, further frontal films "
    "of the day a minute apart; facts and notes of a study lie at 00:00 of its day",
    f"films without an offset lie from day {UNDATED_DAY} on, two days apart, by file name",
    "a sample is a frontal film; a patient with lateral films (view L) only gives samples without a film",
    "view 'AP Supine' is AP; an empty view is unknown",
    "'Not visible' and 'Would have been stated' are unlabelled",
    "units by the source's schema: temperature in Cel, counts in 10*9/L",
    "findings that are 'todo' keep the pack's inference from the case address (y_covid); the rest is unlabelled",
    "modality X-ray is indexed as DX",
)
_MASKS, _MASK_TERMS = "lungVAE_masks", "lung masks by a model (Selvan et al. 2020), not by a reader: CC-BY-SA"
_HAZARDS = (
    "Case reports: notes are written knowing the outcome, so survived, icu and intubated from notes are no forecasts; "
    "masking is by a plain expression and not watertight. Findings come mostly from one web site each."
)


def build(
    source: Path, *, notes: Notes = Notes.MASKED, republished: Republished = Republished.LEFT_OUT
) -> CohortContent:
    """The cohort of the folder with metadata.csv, images/ and, at will, splits.csv and lungVAE_masks/.

    Args:
        source: the folder.
        notes: the masked column, unless the leak itself is to be measured.
        republished: whether second publications of a patient stay; they would stand in two splits.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``VALUE_INVALID``, ``LABEL_OUTSIDE_SET``,
            ``IMAGE_MISSING``, ``PATH_ESCAPES``, ``SPLIT_UNKNOWN``, ``SUBJECT_IN_TWO_SPLITS``.
    """
    folder = SourceFolder(source)
    films = _films(folder, notes)
    second = pl.any_horizontal(pl.col("url").str.starts_with(address) for address in REPUBLISHED_CASES).fill_null(False)
    told = f"films of patients published a second time, {republished.value}: {films.filter(second).height}"
    if republished is Republished.LEFT_OUT:
        films = films.filter(~second)
    splits, split_rule = split_of(folder, films.select("patientid", "subject_id").unique(), key="patientid")
    modalities = ModalitySpec.read(resource("configs", "cohorts", "ieee8023.yaml"))
    files = image_files(folder, "images", films["image"].to_list())
    masks, told_masks = lung_masks(folder, films, images="images", masks=_MASKS)
    changes = (*_CHANGES, told, f"notes from column {notes.value}", split_rule, *told_masks)
    record = CohortRecord(
        name="ieee8023",
        provenance=_provenance(folder.hashes, films, changes, has_masks=bool(masks)),
        modalities=modalities,
        tasks=_TASKS,
        groups={"sex": "GENDER", "age_years": "AGE"},
    )
    return CohortContent(
        record=record,
        events=_events(films),
        codes=code_table(modalities),
        splits=splits,
        labels=_labels(films),
        images=films.select(
            "subject_id", "time", pl.col("image").alias("path"), pl.lit("DX").alias("modality"), "view"
        ),
        image_files=files,
        companions=masks,
    )


def _films(folder: SourceFolder, notes: Notes) -> pl.DataFrame:
    """One row an image: subject_id, day, time, view, note and the columns."""
    films = folder.table("metadata.csv", columns=(*_COLUMNS, notes.value)).rename({notes.value: "note"})
    films = numbers(films, ("offset",), pl.Float64, table="metadata.csv")
    for column in ("patientid", "image"):
        if films[column].null_count():
            raise InputRejected("VALUE_INVALID", f"metadata.csv has rows without {column}", expected="one in each row")
    films = films.with_columns(
        subject_numbers(pl.col("patientid"), "ieee8023").alias("subject_id"),
        pl.col("view").str.replace(" Supine", "", literal=True).str.to_uppercase().fill_null(""),
    )
    undated = pl.col("offset").is_null()
    rank = pl.col("image").rank("ordinal").over("subject_id", undated)
    day = pl.when(undated).then(UNDATED_DAY + 2 * rank.cast(pl.Int64)).otherwise(pl.col("offset").round(0))
    films = films.with_columns((pl.lit(DAY_ZERO) + pl.duration(days=day.cast(pl.Int64))).alias("day"))
    lateral = pl.col("view") == "L"
    films = films.with_columns(lateral.alias("lateral"), lateral.all().over("subject_id").alias("only_lateral"))
    place = (pl.col("image").rank("ordinal") - 1).over("subject_id", "day", "lateral")
    minutes = pl.when("lateral").then(0).otherwise(place)
    return films.with_columns((pl.col("day") + pl.duration(hours=_FILM_HOUR, minutes=minutes)).alias("time"))


def _events(films: pl.DataFrame) -> pl.DataFrame:
    """Facts and notes, each once a study."""
    keys = (pl.col("subject_id"), pl.col("day").alias("time"))
    frames = [
        films.select(*keys, pl.lit("GENDER").alias("code"), pl.col("sex").alias("text_value")),
        films.select(*keys, pl.lit("NOTE//clinical").alias("code"), pl.col("note").alias("text_value")),
    ]
    known = [frame.drop_nulls("text_value") for frame in frames]
    for column, code in _FACTS.items():
        value = pl.col(column)
        rows = films.filter(value.is_not_null())
        bad = rows.filter(censored(value).is_null()).height
        if bad:
            raise InputRejected(
                "VALUE_INVALID", f"metadata.csv, column {column}, holds text", got=f"{bad} rows", expected="numbers"
            )
        flagged = (measured(value).alias("numeric_value"), censored(value).alias("censored"))
        known.append(rows.select(*keys, pl.lit(code).alias("code"), *flagged))
    return pl.concat(known, how="diagonal").unique()


def _labels(films: pl.DataFrame) -> dict[str, dict[str, pl.DataFrame]]:
    samples = films.filter(~pl.col("lateral") | pl.col("only_lateral")).unique(
        ["subject_id", "time"], keep="first", maintain_order=True
    )
    return {
        task: {
            "value": samples.select(
                "subject_id",
                pl.col("time").alias("prediction_time"),
                labels_from_text(films, column, values, task=task).alias("value"),
            )
        }
        for task, (column, values) in _LABELS.items()
    }


def _provenance(
    hashes: dict[str, str], films: pl.DataFrame, changes: tuple[str, ...], *, has_masks: bool
) -> Provenance:
    terms = pl.concat_str([pl.col(column).str.strip_chars() for column in _ORIGIN], separator="; ", ignore_nulls=True)
    origin = films.select("image", terms.alias("terms"))
    licences = films["license"].value_counts().sort("license")
    if licences["license"].null_count():
        raise InputRejected("LICENCE_MISSING", "images have no licence", expected="a licence for each image")
    return Provenance(
        source="ieee8023/covid-chestxray-dataset, https://github.com/ieee8023/covid-chestxray-dataset",
        source_version="2020-08-04",
        licence="CC-BY-NC-SA-4.0 (metadata); images as in image_terms: "
        + ", ".join(f"{name} {count}" for name, count in licences.iter_rows())
        + (f"; {_MASK_TERMS}" if has_masks else ""),
        terms=f"Non-commercial, share-alike, attribution image by image (image_terms). {_HAZARDS}",
        attribution="Cohen J. P. et al., arXiv:2006.11988, and the authors named in image_terms",
        source_sha256=hashes,
        changes=changes,
        never_inputs=(*_OUTCOMES, *([_MASKS] if has_masks else [])),
        image_terms=dict(origin.iter_rows()),
    )
