"""What a FHIR record tells beside observations: age and sex, recorded conditions, notes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from monai_app.cohort.fhir.codes import RecordedCondition, Targets
from monai_app.cohort.fhir.observations import LOINC, Event, Gathered
from monai_app.cohort.fhir.times import wall_clock, years_between

SNOMED = "http://snomed.info/sct"
_ICD10 = ("http://hl7.org/fhir/sid/icd-10", "http://fhir.de/CodeSystem/bfarm/icd-10-gm")
_SEX = {"female": "F", "male": "M"}
_REFUTED = frozenset({"refuted", "entered-in-error"})
_DOCUMENTS = frozenset({"current"})

Resource = Mapping[str, Any]


def gather_patient(patient: Resource, targets: Targets, until: datetime, gathered: Gathered) -> None:
    """Add age at ``until`` and sex; a date of birth that is not a whole date, and other genders, are not told."""
    born = patient.get("birthDate")
    if isinstance(born, str) and len(born) == len("2000-01-01"):
        age = years_between(date.fromisoformat(born), until)
        gathered.events += [Event(None, None, target.code, age) for target in targets.age]
    sex = _SEX.get(str(patient.get("gender")))
    for code, categories in targets.sex:
        if sex in categories:
            gathered.events.append(Event(None, None, code, None, sex))


def gather_conditions(
    conditions: Iterable[Resource], targets: Targets, zone: tzinfo | None, gathered: Gathered
) -> None:
    """Add a 1 for each wanted condition that is recorded, from when it was; what is not recorded stays unknown.

    Raises:
        InputRejected: ``TIME_INVALID``, ``TIMEZONE_UNKNOWN``.
    """
    for condition in conditions:
        if _REFUTED & {coding.get("code") for coding in _codings(condition, "verificationStatus")}:
            gathered.left_out["condition that was refuted"] += 1
            continue
        when = condition.get("recordedDate") or condition.get("onsetDateTime")
        if not isinstance(when, str):
            gathered.left_out["condition without a time"] += 1
            continue
        time = wall_clock(when, zone)
        codings = _codings(condition, "code")
        for code, wanted in targets.conditions:
            if any(_means(coding, wanted) for coding in codings):
                gathered.events.append(Event(time, time, code, 1.0))


def gather_notes(documents: Iterable[Resource], targets: Targets, zone: tzinfo | None, gathered: Gathered) -> None:
    """Add plain texts of the wanted document types (DocumentReference, inline attachments).

    Raises:
        InputRejected: ``TIME_INVALID``, ``TIMEZONE_UNKNOWN``.
    """
    for document in documents:
        types = [coding.get("code") for coding in _codings(document, "type") if coding.get("system") == LOINC]
        code = next((targets.notes[kind] for kind in types if kind in targets.notes), None)
        when = document.get("date")
        if document.get("status") not in _DOCUMENTS or code is None or not isinstance(when, str):
            gathered.left_out["document of another type, status or without a date"] += 1
            continue
        texts = [_plain(entry.get("attachment", {})) for entry in document.get("content", ())]
        if not any(texts):
            gathered.left_out["document that is no inline plain text"] += 1
        time = wall_clock(when, zone)
        gathered.events += [Event(time, time, code, None, text) for text in texts if text]


def _plain(attachment: Resource) -> str | None:
    if not str(attachment.get("contentType", "")).startswith("text/plain") or "data" not in attachment:
        return None
    try:
        return base64.b64decode(attachment["data"], validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None


def _codings(resource: Resource, key: str) -> list[Mapping[str, Any]]:
    return list(resource.get(key, {}).get("coding", ()))


def _means(coding: Mapping[str, Any], wanted: RecordedCondition) -> bool:
    system, code = str(coding.get("system", "")), str(coding.get("code", ""))
    if system.startswith(_ICD10):
        return code.startswith(wanted.icd10) if wanted.icd10 else False
    return system == SNOMED and code in wanted.snomed
