"""The record of the film's patient up to its time: from FHIR files, a FHIR server or a MEDS dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from monai_app.cohort.fhir.patient import Subject
from monai_app.cohort.sources.meds_tables import scan_events
from monai_app.cohort.sources.source_files import collected
from monai_app.cohort.spec import ModalitySpec, ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.dicom.source_images import Patient


@dataclass(frozen=True, eq=False)
class StudyRecord:
    """What is known of the patient.

    Attributes:
        events: event columns of a cohort but ``subject_id``, all up to the film.
        report: counts and codes for the manifest; no values.
    """

    events: pl.DataFrame
    report: Mapping[str, Any]


def study_moment(patient: Patient) -> datetime:
    """When the study was made, by the hospital's clock.

    Raises:
        InputRejected: ``STUDY_TIME_MISSING``: without it nobody knows what was known.
    """
    day, clock = (str(patient.elements.get(name) or "") for name in ("StudyDate", "StudyTime"))
    try:
        return datetime.combine(datetime.strptime(day, "%Y%m%d").date(), _clock(clock))
    except ValueError:
        raise InputRejected(
            "STUDY_TIME_MISSING",
            "the film has no valid StudyDate and StudyTime, up to which a record would be read",
            expected="both",
            remedy="Predict without --ehr, or export the film with its dates.",
        ) from None


def _clock(text: str) -> time:
    """A DICOM time, to the second; what it leaves out is zero (PS3.5 6.2, VR TM); ValueError for none."""
    whole = text.partition(".")[0]
    form = {2: "%H", 4: "%H%M", 6: "%H%M%S"}.get(len(whole), "none")
    return datetime.strptime(whole, form).time()


def subject_of(patient: Patient) -> Subject:
    """Whose record is wanted."""
    born = str(patient.elements.get("PatientBirthDate") or "")
    try:
        birth_date: date | None = datetime.strptime(born, "%Y%m%d").date() if born else None
    except ValueError:
        birth_date = None
    return Subject(str(patient.elements.get("PatientID") or ""), birth_date)


def read_record(source: str, spec: ModelSpec, patient: Patient, *, zone: ZoneInfo | None) -> StudyRecord:
    """The record of the film's patient.

    Args:
        source: http(s) URL of a FHIR server; a FHIR bundle, NDJSON file or folder of them; or a folder with a MEDS
            dataset, whose codes are those of the model's cohort and whose ``subject_id`` is the Patient ID.

    Raises:
        InputRejected: ``EHR_NOT_READ`` for a model that reads no record; ``STUDY_TIME_MISSING``;
            ``PATIENT_MISMATCH``, ``PATIENT_AMBIGUOUS``, ``TIMEZONE_UNKNOWN``; as the readers.
    """
    modalities = spec.modalities
    if modalities.series is None and modalities.table is None and modalities.note is None:
        raise InputRejected(
            "EHR_NOT_READ",
            "the model reads films only",
            got="a record",
            expected="no --ehr, or an application whose model reads one",
        )
    until, subject = study_moment(patient), subject_of(patient)
    if (Path(source) / "data").is_dir():
        return _meds(Path(source), subject, until)
    return _fhir(source, modalities, subject, until, zone)


def _fhir(
    source: str, modalities: ModalitySpec, subject: Subject, until: datetime, zone: ZoneInfo | None
) -> StudyRecord:
    # imported here: FHIR's models cost seconds that studies without a record do not need
    from monai_app.cohort.fhir.reading import read_resources
    from monai_app.cohort.fhir.record import fhir_events
    from monai_app.cohort.fhir.server import fetch_resources

    remote = source.startswith(("http://", "https://"))
    resources = fetch_resources(source, subject) if remote else read_resources(Path(source))
    found = fhir_events(resources, modalities, subject=subject, until=until, zone=zone)
    return StudyRecord(found.events, found.report())


def _meds(root: Path, subject: Subject, until: datetime) -> StudyRecord:
    everything = scan_events(root)
    mine = everything.filter(pl.col("subject_id").cast(pl.String) == subject.identifier)
    events = collected(mine, table="the events").drop("subject_id")
    if events.is_empty():
        raise InputRejected(
            "PATIENT_MISMATCH",
            "the dataset has no events of the image's patient",
            expected="a subject_id that is the image's Patient ID",
            remedy="Check which record belongs to the study; nothing was predicted.",
        )
    known = events.filter(pl.col("time").is_null() | (pl.col("time") <= until))
    return StudyRecord(known, {"events": known.height, "after_the_image": events.height - known.height})
