"""Observations as events: LOINC to the cohort's codes, UCUM to its units, limits of detection kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from monai_app.cohort.fhir.codes import Target, Targets
from monai_app.cohort.fhir.times import wall_clock
from monai_app.cohort.units import conversion
from monai_app.core.errors import InputRejected

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
_REPORTED = frozenset({"final", "amended", "corrected", "preliminary"})
_CENSORED = {"<": -1, "<=": -1, ">": 1, ">=": 1}
_PLAIN = frozenset({"1", "{score}"})

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """One event of the record.

    Attributes:
        time: when it was so, by the hospital's clock; None for a static fact.
        known: when it could be read: later than ``time`` for results that took their time.
        censored: -1 below a limit of detection, +1 above one.
    """

    time: datetime | None
    known: datetime | None
    code: str
    numeric_value: float | None = None
    text_value: str | None = None
    censored: int = 0


@dataclass
class Gathered:
    """Events found so far, and what was not taken.

    Attributes:
        unmapped: how often each code was met that nothing wants, as ``system|code``.
        left_out: why resources gave no event, counted.
    """

    events: list[Event] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def gather_observations(
    observations: Iterable[Resource], targets: Targets, zone: tzinfo | None, gathered: Gathered
) -> None:
    """Add the events of observations and of their components (FHIR R4 10.1).

    Raises:
        InputRejected: ``TIME_INVALID``, ``TIMEZONE_UNKNOWN``.
    """
    for observation in observations:
        if observation.get("status") not in _REPORTED:
            gathered.left_out["observation without a valid result"] += 1
            continue
        when = _effective(observation)
        if when is None:
            gathered.left_out["observation without a time"] += 1
            continue
        time = wall_clock(when, zone)
        issued = observation.get("issued")
        known = max(time, wall_clock(issued, zone)) if isinstance(issued, str) else time
        parts = [observation, *observation.get("component", ())]
        told = [part for part in parts if any(key.startswith("value") for key in part)]
        if not told:
            gathered.left_out["observation without a value"] += 1
        for part in told:
            _gather(part, time, known, targets, gathered)


def _gather(part: Resource, time: datetime, known: datetime, targets: Targets, gathered: Gathered) -> None:
    codings = list(part.get("code", {}).get("coding", ()))
    loinc = [str(coding.get("code")) for coding in codings if coding.get("system") == LOINC]
    wanted = next((targets.observations[code] for code in loinc if code in targets.observations), None)
    if wanted is None:
        gathered.unmapped[_named(codings)] += 1
        return
    for target in wanted:
        try:
            value, censored = _value(part, target)
        except InputRejected as error:
            gathered.left_out[f"LOINC {loinc[0]}: {error.code}"] += 1
            continue
        gathered.events.append(Event(time, known, target.code, value, None, censored))


def _value(part: Resource, target: Target) -> tuple[float, int]:
    """The number in the target's unit, and on which side of a limit of detection it lies.

    Raises:
        InputRejected: ``VALUE_NOT_A_NUMBER``, ``UNIT_UNKNOWN``, ``UNIT_INCOMPATIBLE``.
    """
    quantity = part.get("valueQuantity")
    if isinstance(quantity, Mapping) and quantity.get("value") is not None:
        coded = quantity.get("code") if quantity.get("system") == UCUM else None
        slope, intercept = conversion(coded or quantity.get("unit"), to=target.unit, substance=target.substance)
        return float(quantity["value"]) * slope + intercept, _CENSORED.get(str(quantity.get("comparator")), 0)
    whole = part.get("valueInteger")
    if isinstance(whole, int) and target.unit in _PLAIN:
        return float(whole), 0
    raise InputRejected("VALUE_NOT_A_NUMBER", "an observation holds no quantity", expected="valueQuantity")


def _effective(observation: Resource) -> str | None:
    """When it was so: a moment, or the end of a period."""
    for key in ("effectiveDateTime", "effectiveInstant"):
        if isinstance(observation.get(key), str):
            return str(observation[key])
    end = observation.get("effectivePeriod", {}).get("end")
    return end if isinstance(end, str) else None


def _named(codings: list[Mapping[str, Any]]) -> str:
    """How a report names a code: its LOINC where it has one; texts may hold anything and are not quoted."""
    if not codings:
        return "no code"
    first = next((coding for coding in codings if coding.get("system") == LOINC), codings[0])
    return f"{first.get('system', 'no system')}|{first.get('code', 'no code')}"
