"""Facts beside observations: age, sex, conditions from when they were recorded, plain notes of the wanted types."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from monai_app.cohort.fhir.codes import targets
from monai_app.cohort.fhir.facts import gather_conditions, gather_notes, gather_patient
from monai_app.cohort.fhir.observations import Gathered
from tests.cohort.fhir.records import SPEC, condition, document, patient

UNTIL, TARGETS = datetime(2026, 6, 1), targets(SPEC)


def codes(found: Gathered) -> list[str]:
    return [event.code for event in found.events]


def test_age_and_sex_are_static_facts() -> None:
    found = Gathered()
    gather_patient(patient(), TARGETS, UNTIL, found)
    age, sex = found.events
    assert age.numeric_value == pytest.approx(76, abs=0.01) and sex.text_value == "F" and age.time is None


@pytest.mark.parametrize(
    "further", [{"gender": "other", "birthDate": "1950"}, {"gender": "unknown", "birthDate": None}]
)
def test_what_is_not_told_is_not_guessed(further: dict[str, Any]) -> None:
    found = Gathered()
    gather_patient(patient(**further), TARGETS, UNTIL, found)
    assert not found.events


@pytest.mark.parametrize(
    ("system", "code", "told"),
    [
        ("http://hl7.org/fhir/sid/icd-10-cm", "E11.9", True),
        ("http://hl7.org/fhir/sid/icd-10", "I10", False),
        ("http://snomed.info/sct", "44054006", True),
        ("http://snomed.info/sct", "440540069", False),
        ("urn:site", "E11", False),
    ],
)
def test_icd_is_met_by_prefix_and_snomed_exactly(system: str, code: str, told: bool) -> None:
    found = Gathered()
    gather_conditions([condition(system, code)], TARGETS, None, found)
    assert codes(found) == (["DIABETES"] if told else [])


def test_refuted_and_undated_conditions_are_left_out() -> None:
    refuted = condition("http://snomed.info/sct", "44054006", verificationStatus={"coding": [{"code": "refuted"}]})
    undated = condition("http://snomed.info/sct", "44054006")
    del undated["recordedDate"]
    found = Gathered()
    gather_conditions([refuted, undated], TARGETS, None, found)
    assert not found.events and sum(found.left_out.values()) == 2


def test_notes_are_plain_texts_of_the_wanted_types() -> None:
    pdf = document("34117-2", "scan")
    pdf["content"][0]["attachment"]["contentType"] = "application/pdf"
    broken = document("34117-2", "x")
    broken["content"][0]["attachment"]["data"] = "not base64!"
    found = Gathered()
    documents = [document("34117-2", "cough", "2026-03-01"), document("18842-5", "discharge", "2026-03-01")]
    gather_notes([*documents, {**pdf, "date": "2026"}, {**broken, "date": "2026"}], TARGETS, None, found)
    assert [(event.code, event.text_value) for event in found.events] == [("NOTE//admission", "cough")]
    assert sum(found.left_out.values()) == 3
