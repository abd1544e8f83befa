"""What was recorded of all patients, as MEDS events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from monai_app.cohort.spec import Modality
from monai_app.phantom.channel import CHANNELS
from monai_app.phantom.note import Note, draw_note
from monai_app.phantom.patient import Patient
from monai_app.phantom.series import draw_series
from monai_app.phantom.table import DESCRIPTIONS, draw_table

NOTE_CODE = "NOTE//admission"
_NOTE_HOURS = 3.0
_MICROSECONDS_PER_HOUR = 3_600_000_000


def event_table(patients: Sequence[Patient], notes: dict[int, Note]) -> pl.DataFrame:
    """Events of all patients; a modality that is not present leaves none.

    Args:
        notes: by subject, from :func:`written_notes`.
    """
    frames = [_static_events(patients), _note_events(patients, notes)]
    frames += [_series_events(patient) for patient in patients if Modality.SERIES in patient.present]
    return pl.concat(frames, how="diagonal")


def written_notes(patients: Sequence[Patient]) -> dict[int, Note]:
    """The notes of the patients who have one, by subject."""
    return {patient.subject_id: draw_note(patient) for patient in patients if Modality.NOTE in patient.present}


def code_descriptions() -> pl.DataFrame:
    """code, description, unit of every code."""
    rows: list[tuple[str, str, str | None]] = [(c.code, c.description, c.unit) for c in CHANNELS]
    rows += [(code, description, unit or None) for code, (description, unit) in DESCRIPTIONS.items()]
    rows += [(NOTE_CODE, "Admission note", None), ("MEDS_BIRTH", "Birth", None)]
    rows.append(("HOSPITAL_ADMISSION", "Admission", None))
    return pl.DataFrame(rows, schema={"code": pl.String, "description": pl.String, "unit": pl.String}, orient="row")


def _static_events(patients: Sequence[Patient]) -> pl.DataFrame:
    rows: list[tuple[int, datetime | None, str, float | None, str | None]] = []
    for patient in patients:
        subject = patient.subject_id
        born = patient.admission - timedelta(days=round(patient.age_years * 365.25))
        rows.append((subject, born, "MEDS_BIRTH", None, None))
        rows.append((subject, patient.admission, "HOSPITAL_ADMISSION", None, None))
        for code, fact in draw_table(patient).items():
            text = fact if isinstance(fact, str) else None
            rows.append((subject, None, code, None if isinstance(fact, str) else fact, text))
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "subject_id": pl.Int64,
        "time": pl.Datetime("us"),
        "code": pl.String,
        "numeric_value": pl.Float32,
        "text_value": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _note_events(patients: Sequence[Patient], notes: dict[int, Note]) -> pl.DataFrame:
    written = [patient for patient in patients if patient.subject_id in notes]
    return pl.DataFrame(
        {
            "subject_id": [patient.subject_id for patient in written],
            "time": [patient.admission + timedelta(hours=_NOTE_HOURS) for patient in written],
            "code": [NOTE_CODE] * len(written),
            "text_value": [notes[patient.subject_id].text for patient in written],
        },
        schema={"subject_id": pl.Int64, "time": pl.Datetime("us"), "code": pl.String, "text_value": pl.String},
    )


def _series_events(patient: Patient) -> pl.DataFrame:
    measured = draw_series(patient)
    start = np.datetime64(patient.admission, "us")
    since = np.round(measured.hours * _MICROSECONDS_PER_HOUR).astype("timedelta64[us]")
    return pl.DataFrame(
        {
            "subject_id": np.full(measured.hours.size, patient.subject_id, np.int64),
            "time": start + since,
            "code": measured.code,
            "numeric_value": measured.value.astype(np.float32),
            "censored": measured.censored,
        }
    ).with_columns(pl.col("numeric_value").fill_nan(None))
