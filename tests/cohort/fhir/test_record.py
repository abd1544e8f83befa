"""A record as events: nothing of the future, nothing of others, and rewriting the future changes nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monai_app.cohort.fhir.patient import Subject
from monai_app.cohort.fhir.reading import read_resources, sorted_resources
from monai_app.cohort.fhir.record import FhirEvents, fhir_events
from tests.cohort.fhir.records import SPEC, condition, document, observation, patient

UNTIL, ZONE = datetime(2026, 3, 1, 12), ZoneInfo("Europe/Berlin")
RECORD = (
    patient(),
    observation("2160-0", 1.2, "mg/dL"),
    condition("http://snomed.info/sct", "44054006"),
    document("34117-2", "short of breath"),
)


def told(*resources: Any) -> FhirEvents:
    return fhir_events(
        sorted_resources(("", resource) for resource in resources), SPEC, subject=Subject("P1"), until=UNTIL, zone=ZONE
    )


def test_all_kinds_become_events() -> None:
    found = told(*RECORD)
    assert set(found.events["code"]) == {"AGE", "GENDER", "CREA", "DIABETES", "NOTE//admission"}
    assert found.report()["fields_without_a_code"] == ["frailty_scale"]


@pytest.mark.parametrize(
    "later",
    [
        observation("2160-0", 9.9, "mg/dL", "2026-03-01T12:00:01+01:00"),
        observation("2160-0", 9.9, "mg/dL", issued="2026-03-01T13:00:00+01:00"),
        observation("2160-0", 9.9, "mg/dL", "2026-03-01"),
        document("34117-2", "autopsy", "2026-03-01T12:00:00.001+01:00"),
    ],
)
def test_the_future_changes_no_event(later: dict[str, Any]) -> None:
    before, after = told(*RECORD), told(*RECORD, later)
    assert after.events.equals(before.events) and after.later == 1


def test_records_of_others_are_counted_and_not_read() -> None:
    other = observation("2160-0", 9.9, "mg/dL", subject={"reference": "Patient/two"})
    found = told(*RECORD, patient("P2", "two"), other)
    assert found.events.equals(told(*RECORD).events)
    assert found.left_out == {"Observation of somebody else": 1}


def test_the_order_of_resources_does_not_matter() -> None:
    assert told(*RECORD[::-1]).events.equals(told(*RECORD).events)


def test_a_synthea_patient_is_read(shared_data: Any) -> None:
    folder: Path = shared_data("fhir-synthea")
    (bundle,) = [path for path in folder.glob("*.json") if not path.name.startswith("practitioner")]
    resources = read_resources(bundle)
    identifier = resources["Patient"][0][1]["identifier"][0]["value"]
    found = fhir_events(
        resources, SPEC, subject=Subject(identifier), until=datetime(2019, 1, 1), zone=ZoneInfo("America/Denver")
    )
    assert found.events.filter(code="SBP").height == 23
    assert found.events.filter(code="SBP")["numeric_value"].is_between(50, 250).all()
    assert found.later > 0 and not found.left_out
