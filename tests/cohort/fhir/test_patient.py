"""Whose record: the one patient with the image's identifier and birth date, or nobody."""

from __future__ import annotations

from datetime import date

import pytest

from monai_app.cohort.fhir.patient import Subject, find_patient, of_patient
from monai_app.core.errors import InputRejected
from tests.cohort.fhir.records import patient


def test_references_of_the_patient_are_recognised_and_others_not() -> None:
    _, names = find_patient([("urn:uuid:abc", patient()), ("", patient("P2", "two"))], Subject("P1"))
    told = ["Patient/one", "https://host/fhir/Patient/one", "urn:uuid:abc", "Patient/two", "Patient/oneone", None]
    found = of_patient([{"subject": {"reference": name}} for name in told], names)
    assert [entry["subject"]["reference"] for entry in found] == told[:3]


@pytest.mark.parametrize("identifier", ["P9", ""])
def test_nobodys_record_is_refused(identifier: str) -> None:
    with pytest.raises(InputRejected, match="PATIENT_MISMATCH") as caught:
        find_patient([("", patient())], Subject(identifier))
    assert "P1" not in str(caught.value)


def test_two_with_one_identifier_are_refused() -> None:
    with pytest.raises(InputRejected, match="PATIENT_AMBIGUOUS"):
        find_patient([("", patient()), ("", patient(identity="two"))], Subject("P1"))


def test_dates_of_birth_must_fit_as_far_as_they_are_known() -> None:
    find_patient([("", patient())], Subject("P1", date(1950, 6, 1)))
    find_patient([("", patient(birthDate="1950"))], Subject("P1", date(1950, 6, 1)))
    with pytest.raises(InputRejected, match="PATIENT_MISMATCH"):
        find_patient([("", patient())], Subject("P1", date(1951, 6, 1)))
