"""Whose record it is: the patient of the image, found by identifier, or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from monai_app.core.errors import InputRejected

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """The patient of an image. Never logged.

    Attributes:
        identifier: Patient ID (0010,0020).
        birth_date: (0010,0030), where the image tells it.
    """

    identifier: str
    birth_date: date | None = None


def find_patient(patients: Sequence[tuple[str, Resource]], subject: Subject) -> tuple[Resource, frozenset[str]]:
    """The patient with the image's identifier, and how other resources refer to that patient.

    Args:
        patients: each with its ``fullUrl``, or "".

    Raises:
        InputRejected: ``PATIENT_MISMATCH`` where nobody has the identifier or the dates of birth differ;
            ``PATIENT_AMBIGUOUS``.
    """
    same = [(url, patient) for url, patient in patients if subject.identifier in _identifiers(patient)]
    if not same or not subject.identifier:
        raise InputRejected(
            "PATIENT_MISMATCH",
            "the record is not that of the image's patient",
            got=f"{len(patients)} patients, none with the image's identifier",
            expected="a Patient whose identifier is the image's Patient ID",
            remedy="Check which record belongs to the study; nothing was predicted.",
        )
    if len(same) > 1:
        raise InputRejected(
            "PATIENT_AMBIGUOUS", "several patients have the image's identifier", got=f"{len(same)} patients"
        )
    url, patient = same[0]
    born = patient.get("birthDate")
    if subject.birth_date is not None and isinstance(born, str) and not _fits(born, subject.birth_date):
        raise InputRejected(
            "PATIENT_MISMATCH",
            "the record has the image's identifier and another date of birth",
            expected="one and the same patient",
            remedy="Check which record belongs to the study; nothing was predicted.",
        )
    names = {url, f"Patient/{patient['id']}" if "id" in patient else "", f"urn:uuid:{patient.get('id', '')}"}
    return patient, frozenset(names - {"", "urn:uuid:"})


def of_patient(resources: Iterable[Resource], names: frozenset[str]) -> list[Resource]:
    """The resources whose subject is the patient, also by an absolute reference."""
    return [resource for resource in resources if _refers(resource.get("subject", {}).get("reference"), names)]


def _refers(reference: object, names: frozenset[str]) -> bool:
    return isinstance(reference, str) and any(
        reference == name or (name.startswith("Patient/") and reference.endswith(f"/{name}")) for name in names
    )


def _identifiers(patient: Resource) -> set[str]:
    return {str(entry["value"]) for entry in patient.get("identifier", ()) if entry.get("value")}


def _fits(born: str, birth_date: date) -> bool:
    """Whether a FHIR date, perhaps of a year or month only, can be this day."""
    return birth_date.isoformat().startswith(born)
