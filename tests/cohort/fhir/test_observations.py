"""Observations: units are converted, limits kept, results wait until they are issued, the rest is counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monai_app.cohort.fhir.codes import targets
from monai_app.cohort.fhir.observations import Gathered, gather_observations
from tests.cohort.fhir.records import SPEC, observation

ZONE = ZoneInfo("Europe/Berlin")


def gathered(*observations: Any) -> Gathered:
    found = Gathered()
    gather_observations(observations, targets(SPEC), ZONE, found)
    return found


def test_mass_and_molar_concentrations_are_one_value() -> None:
    mass, molar = gathered(observation("2160-0", 1.0, "mg/dL"), observation("2160-0", 88.4, "umol/L")).events
    assert mass.numeric_value == pytest.approx(1.0)
    assert molar.numeric_value == pytest.approx(1.0, rel=1e-3)


def test_components_of_a_panel_are_observations() -> None:
    part = {
        key: value for key, value in observation("8480-6", 120, "mm[Hg]").items() if key in ("code", "valueQuantity")
    }
    panel = observation("85354-9", 0, "1", component=[part])
    del panel["valueQuantity"]
    (event,) = gathered(panel).events
    assert (event.code, event.numeric_value) == ("SBP", 120)


@pytest.mark.parametrize(("comparator", "side"), [("<", -1), ("<=", -1), (">", 1), (">=", 1)])
def test_a_limit_of_detection_is_kept(comparator: str, side: int) -> None:
    measured = observation("2160-0", 0.2, "mg/dL")
    measured["valueQuantity"]["comparator"] = comparator
    assert gathered(measured).events[0].censored == side


def test_a_result_is_known_when_it_is_issued() -> None:
    (event,) = gathered(observation("2160-0", 1, "mg/dL", issued="2026-03-01T12:30:00+01:00")).events
    assert (event.time, event.known) == (datetime(2026, 3, 1, 10), datetime(2026, 3, 1, 12, 30))


def test_a_score_may_be_a_whole_number_and_a_concentration_may_not() -> None:
    score, blood = observation("9269-2", 0, "1"), observation("2160-0", 0, "1")
    for entry in (score, blood):
        del entry["valueQuantity"]
        entry["valueInteger"] = 15
    found = gathered(score, blood)
    assert [(event.code, event.numeric_value) for event in found.events] == [("GCS", 15.0)]
    assert found.left_out == {"LOINC 2160-0: VALUE_NOT_A_NUMBER": 1}


def test_what_is_not_taken_is_counted_and_not_quoted() -> None:
    wrong, silent = observation("2160-0", 7.0, "cm"), observation("2160-0", 7.0, "mg/dL")
    del silent["valueQuantity"]
    untimed = observation("2160-0", 7.0, "mg/dL")
    del untimed["effectiveDateTime"]
    local = observation("1234-5", 7.0, "1", code={"coding": [{"system": "urn:site", "code": "X", "display": "SECRET"}]})
    found = gathered(wrong, silent, untimed, local, observation("2160-0", 7, "mg/dL", status="entered-in-error"))
    assert not found.events and found.unmapped == {"urn:site|X": 1}
    assert found.left_out == {
        "LOINC 2160-0: UNIT_INCOMPATIBLE": 1,
        "observation without a value": 1,
        "observation without a time": 1,
        "observation without a valid result": 1,
    }
