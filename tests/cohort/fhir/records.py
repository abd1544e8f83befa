"""A small FHIR record, resource by resource."""

from __future__ import annotations

import base64
from typing import Any

from monai_app.cohort.spec import Channel, ModalitySpec, NoteSpec, SeriesSpec, TableField, TableSpec

SPEC = ModalitySpec(
    series=SeriesSpec(
        channels=(
            Channel(name="creatinine", codes=("CREA",), unit="mg/dL"),
            Channel(name="systolic_pressure", codes=("SBP",), unit="mm[Hg]"),
            Channel(name="glasgow_coma_scale", codes=("GCS",), unit="{score}"),
        )
    ),
    table=TableSpec(
        fields=(
            TableField(name="age", codes=("AGE",), unit="a"),
            TableField(name="sex", codes=("GENDER",), kind="categorical", categories=("F", "M")),
            TableField(name="diabetes", codes=("DIABETES",)),
            TableField(name="frailty_scale", codes=("FRAILTY",), unit="{score}"),
        )
    ),
    note=NoteSpec(codes=("NOTE//admission",)),
)


def patient(identifier: str = "P1", identity: str = "one", **further: Any) -> dict[str, Any]:
    entry = {"resourceType": "Patient", "id": identity, "gender": "female", "birthDate": "1950-06-01"}
    return {**entry, "identifier": [{"value": identifier}], **further}


def observation(loinc: str, value: float, unit: str, when: str = "2026-03-01T10:00:00+01:00", **further: Any) -> Any:
    entry: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": "Patient/one"},
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }
    return {**entry, **further}


def condition(system: str, code: str, when: str = "2020-01-01", **further: Any) -> dict[str, Any]:
    entry = {"resourceType": "Condition", "subject": {"reference": "Patient/one"}, "recordedDate": when}
    return {**entry, "code": {"coding": [{"system": system, "code": code}]}, **further}


def document(loinc: str, text: str, when: str = "2026-03-01T09:00:00+01:00", **further: Any) -> dict[str, Any]:
    data = base64.b64encode(text.encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": "Patient/one"},
        "date": when,
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
        **further,
    }


def bundle(*resources: dict[str, Any], **further: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
        **further,
    }
