"""MIMIC-CXR-JPG beside MIMIC-IV: chest films, their times and views, CheXpert labels and the official split.

Johnson et al., "MIMIC-CXR-JPG, a large publicly available database of labeled chest radiographs", arXiv:1901.07042.
Images are read in place: the cohort points at them.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from monai_app.cohort.sources.mimic_files import read_table
from monai_app.cohort.sources.source_files import SPLIT_NAMES, SourceFolder, numbers
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected

_FOLDERS = ("", "mimic-cxr-jpg/", "cxr/")
_FRONTAL = ("AP", "PA")
_SPLITS = {**SPLIT_NAMES, "validate": "tuning"}
_FINDINGS = {
    "atelectasis": "Atelectasis",
    "cardiomegaly": "Cardiomegaly",
    "consolidation": "Consolidation",
    "oedema": "Edema",
    "enlarged_cardiomediastinum": "Enlarged Cardiomediastinum",
    "fracture": "Fracture",
    "lung_lesion": "Lung Lesion",
    "lung_opacity": "Lung Opacity",
    "no_finding": "No Finding",
    "pleural_effusion": "Pleural Effusion",
    "pleural_other": "Pleural Other",
    "pneumonia": "Pneumonia",
    "pneumothorax": "Pneumothorax",
    "support_devices": "Support Devices",
}
"""Class -> column of CheXpert (Irvin et al., AAAI 2019)."""

TASK = TaskSpec(
    name="radiology",
    kind=TaskKind.MULTILABEL,
    description="findings CheXpert reads from the report of a study, predicted when its last frontal film is taken",
    classes=tuple(_FINDINGS),
)
CHANGES = (
    "CheXpert: 1 is present, 0 and not mentioned are absent, -1 (uncertain) is unlabelled",
    "films lie at StudyDate and StudyTime, which MIMIC-CXR moves by the same days as MIMIC-IV",
)


def has_films(folder: SourceFolder) -> bool:
    """Whether the metadata of MIMIC-CXR-JPG lie below the folder."""
    return folder.find(*_names("metadata")) is not None


def image_root(folder: SourceFolder) -> Path:
    """The folder that holds ``files/``."""
    return folder.require(*_names("metadata")).parent.resolve()


def read_films(folder: SourceFolder, subjects: pl.Series) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The films of these patients that exist on disk: subject_id, study_id, time, path, modality, view.

    Raises:
        InputRejected: ``MISSING_COLUMN``, ``VALUE_INVALID``, ``PATH_ESCAPES``, ``IMAGE_MISSING``.
    """
    columns = ("dicom_id", "subject_id", "study_id", "viewposition", "studydate", "studytime")
    table = numbers(
        read_table(folder, *_names("metadata"), columns=columns), columns[1:3], pl.Int64, table="CXR metadata"
    ).filter(pl.col("subject_id").is_in(subjects.implode()))
    if not table["dicom_id"].str.contains(r"^[\w.-]+$").all() or table["dicom_id"].str.contains(r"\.\.").any():
        raise InputRejected("PATH_ESCAPES", "a dicom_id is no file name", expected="letters, digits, dashes and dots")
    clock = pl.col("studytime").str.split(".").list.first().str.zfill(6)
    number, study = pl.col("subject_id").cast(pl.String), pl.col("study_id").cast(pl.String)
    films = table.select(
        "subject_id",
        "study_id",
        time=(pl.col("studydate") + clock).str.to_datetime("%Y%m%d%H%M%S", time_unit="us", strict=False),
        path=pl.format("files/p{}/p{}/s{}/{}.jpg", number.str.head(2), number, study, "dicom_id"),
        modality=pl.lit("DX"),
        view=pl.col("viewposition"),
    )
    if films["time"].null_count():
        raise InputRejected(
            "VALUE_INVALID",
            "CXR metadata, StudyDate and StudyTime, hold no time",
            got=f"{films['time'].null_count()} rows",
            expected="YYYYMMDD and HHMMSS.fff",
        )
    return _on_disk(folder, films)


def _on_disk(folder: SourceFolder, films: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    root = image_root(folder)
    there = films.filter(pl.Series([(root / path).is_file() for path in films["path"]], dtype=pl.Boolean))
    if films.height and there.is_empty():
        raise InputRejected(
            "IMAGE_MISSING",
            "no film of the metadata is on disk",
            got=f"0 of {films.height}",
            expected="files/pXX/pXXXXXXXX/sXXXXXXXX/<dicom_id>.jpg beside the metadata",
        )
    return there, (f"films of the metadata that are not on disk, left out: {films.height - there.height}",)


def radiology_labels(folder: SourceFolder, films: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """One label frame a finding, for the studies with a frontal film.

    Raises:
        InputRejected: ``MISSING_COLUMN``, ``VALUE_INVALID``, ``LABEL_OUTSIDE_SET``.
    """
    columns = {name: column.lower() for name, column in _FINDINGS.items()}
    table = read_table(folder, *_names("chexpert"), columns=("study_id", *columns.values()))
    marks = numbers(table, ("study_id", *columns.values()), pl.Int64, table="CXR chexpert")
    outside = sum(marks.filter(~pl.col(column).is_in([-1, 0, 1])).height for column in columns.values())
    if outside:
        raise InputRejected(
            "LABEL_OUTSIDE_SET", "CXR chexpert holds other marks", got=f"{outside} values", expected="1, 0, -1 or empty"
        )
    studies = films.filter(pl.col("view").is_in(_FRONTAL)).group_by("subject_id", "study_id").agg(pl.col("time").max())
    joined = studies.join(marks, on="study_id", how="inner").sort("subject_id", "time", "study_id")
    joined = joined.unique(["subject_id", "time"], keep="first", maintain_order=True)
    labels = {}
    for name, column in columns.items():
        mark = pl.col(column).fill_null(0)
        value = pl.when(mark != -1).then(mark == 1).alias("value")
        labels[name] = joined.select("subject_id", pl.col("time").alias("prediction_time"), value)
    return labels


def official_splits(folder: SourceFolder, others: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The official split of the patients with films; the others keep theirs.

    Args:
        folder: the source.
        others: subject_id, split of every patient.

    Raises:
        InputRejected: ``SPLIT_UNKNOWN``, ``SUBJECT_IN_TWO_SPLITS``.
    """
    table = read_table(folder, *_names("split"), columns=("subject_id", "split"))
    named = numbers(table, ("subject_id",), pl.Int64, table="CXR split").with_columns(
        pl.col("split").replace_strict(_SPLITS, default=None, return_dtype=pl.String).alias("official")
    )
    if named["official"].null_count():
        raise InputRejected("SPLIT_UNKNOWN", "CXR split names another split", expected=", ".join(_SPLITS))
    placed = named.select("subject_id", "official").unique()
    if placed["subject_id"].is_duplicated().any():
        raise InputRejected("SUBJECT_IN_TWO_SPLITS", "CXR split places patients twice", expected="one split a patient")
    joined = others.join(placed, on="subject_id", how="left", maintain_order="left")
    rule = "patients with films: the split of MIMIC-CXR-JPG (validate as tuning, test as held_out)"
    return joined.select("subject_id", pl.coalesce("official", "split").alias("split")), rule


def _names(table: str) -> tuple[str, ...]:
    return tuple(f"{folder}mimic-cxr-2.0.0-{table}.csv" for folder in _FOLDERS)
