"""A patient's FHIR record as events of a cohort, up to the time of the image and not a moment further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import polars as pl

from monai_app.cohort.fhir.codes import Targets, targets
from monai_app.cohort.fhir.facts import gather_conditions, gather_notes, gather_patient
from monai_app.cohort.fhir.observations import Gathered, gather_observations
from monai_app.cohort.fhir.patient import Subject, find_patient, of_patient
from monai_app.cohort.fhir.reading import Entry
from monai_app.cohort.spec import ModalitySpec
from monai_app.cohort.store import EVENT_COLUMNS

_COLUMNS = {name: kind for name, kind in EVENT_COLUMNS.items() if name != "subject_id"}


@dataclass(frozen=True)
class FhirEvents:
    """What a record gives a model.

    Attributes:
        events: the event columns of a cohort but ``subject_id``; ``time`` is null for static facts.
        unmapped: how often codes were met that nothing wants, by ``system|code``.
        left_out: why resources gave no event, counted.
        later: events that were so, or could be read, only after the image.
        unfed: channels and fields that no FHIR code is known for.
    """

    events: pl.DataFrame
    unmapped: Mapping[str, int]
    left_out: Mapping[str, int]
    later: int
    unfed: tuple[str, ...]

    def report(self) -> dict[str, Any]:
        """What a manifest says of it: counts and codes, no values and no times."""
        return {
            "events": self.events.height,
            "unmapped_codes": dict(sorted(self.unmapped.items())),
            "left_out": dict(sorted(self.left_out.items())),
            "after_the_image": self.later,
            "fields_without_a_code": list(self.unfed),
        }


def fhir_events(
    resources: Mapping[str, list[Entry]],
    modalities: ModalitySpec,
    *,
    subject: Subject,
    until: datetime,
    zone: tzinfo | None = None,
) -> FhirEvents:
    """The events of the image's patient that were known at ``until``.

    Args:
        resources: as :func:`monai_app.cohort.fhir.reading.read_resources` gives them.
        modalities: what the model reads.
        subject: the image's patient.
        until: time of the image, by the hospital's clock.
        zone: of the hospital; needed where the record's times have an offset.

    Raises:
        InputRejected: ``PATIENT_MISMATCH``, ``PATIENT_AMBIGUOUS``, ``TIME_INVALID``, ``TIMEZONE_UNKNOWN``.
    """
    wanted = targets(modalities)
    patient, names = find_patient(resources.get("Patient", []), subject)
    gathered = Gathered()
    gather_patient(patient, wanted, until, gathered)
    gather_observations(_mine(resources, "Observation", names, gathered), wanted, zone, gathered)
    gather_conditions(_mine(resources, "Condition", names, gathered), wanted, zone, gathered)
    gather_notes(_mine(resources, "DocumentReference", names, gathered), wanted, zone, gathered)
    return _cut(gathered, wanted, until)


def _mine(
    resources: Mapping[str, list[Entry]], kind: str, names: frozenset[str], gathered: Gathered
) -> list[Mapping[str, Any]]:
    everyone = [resource for _, resource in resources.get(kind, [])]
    mine = of_patient(everyone, names)
    if len(mine) < len(everyone):
        gathered.left_out[f"{kind} of somebody else"] += len(everyone) - len(mine)
    return mine


def _cut(gathered: Gathered, wanted: Targets, until: datetime) -> FhirEvents:
    kept = [event for event in gathered.events if event.known is None or event.known <= until]
    rows = [(e.time, e.code, e.numeric_value, e.text_value, e.censored) for e in kept]
    events = pl.DataFrame(rows, schema=_COLUMNS, orient="row").sort("time", "code", nulls_last=False)
    later = len(gathered.events) - len(kept)
    return FhirEvents(events, dict(gathered.unmapped), dict(gathered.left_out), later, wanted.missing)
