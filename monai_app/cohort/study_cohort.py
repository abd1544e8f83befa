"""One study as a cohort of one sample, so that a hospital's case takes the same way into a network as training did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from monai_app.cohort.codes import code_table
from monai_app.cohort.spec import CohortRecord, ModelSpec, Provenance
from monai_app.cohort.store import EVENT_COLUMNS, IMAGE_COLUMNS
from monai_app.cohort.writer import CohortContent, write_cohort

SUBJECT_ID = 1
"""The only subject: who the patient is stays outside."""

STUDY_CODE = "STUDY//image"
"""Marks the time of the study, which is the prediction time: the last event of the cohort."""


@dataclass(frozen=True)
class StudyFilm:
    """The film of a study.

    Attributes:
        path: of the file; read where it is.
        modality: DICOM modality.
        view: view position, "" unknown.
    """

    path: Path
    modality: str
    view: str = ""


def write_study_cohort(
    out: str | Path,
    spec: ModelSpec,
    *,
    moment: datetime,
    events: pl.DataFrame | None = None,
    film: StudyFilm | None = None,
) -> Path:
    """Write the cohort and return its folder; it has no tasks, so its sample has no labels.

    Args:
        spec: of the model that will see it; its units are those of the events.
        moment: time of the study by the hospital's clock.
        events: event columns but ``subject_id``, up to ``moment``; None where there is no record.
        film: None where there is no film.

    Raises:
        ValueError: events after the study: whoever reads a record cuts it.
        InputRejected: as :func:`monai_app.cohort.writer.write_cohort`.
    """
    told = pl.DataFrame(schema=dict(EVENT_COLUMNS)).drop("subject_id") if events is None else events
    if told.filter(pl.col("time") > moment).height:
        msg = "A study knows no events after it"
        raise ValueError(msg)
    mark = pl.DataFrame({"time": [moment], "code": [STUDY_CODE]}, schema_overrides={"time": pl.Datetime("us")})
    everything = pl.concat([told, mark], how="diagonal").with_columns(pl.lit(SUBJECT_ID, pl.Int64).alias("subject_id"))
    record = CohortRecord(
        name="study",
        provenance=Provenance(source="one study", source_version="", licence="none: a patient's data"),
        modalities=spec.modalities,
        tasks=(),
        image_root="images" if film is None else str(film.path.resolve().parent),
    )
    content = CohortContent(
        record=record,
        events=everything,
        codes=code_table(spec.modalities),
        splits=pl.DataFrame({"subject_id": [SUBJECT_ID], "split": ["held_out"]}),
        labels={},
        images=None if film is None else _image(film, moment),
    )
    write_cohort(out, content)
    return Path(out)


def _image(film: StudyFilm, moment: datetime) -> pl.DataFrame:
    row = {"subject_id": SUBJECT_ID, "time": moment, "path": film.path.name, "modality": film.modality}
    schema = {name: kind for name, kind in IMAGE_COLUMNS.items() if name != "sha256"}
    return pl.DataFrame([{**row, "view": film.view}], schema=schema)
