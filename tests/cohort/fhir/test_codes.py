"""The shipped code table: no code means two quantities, units of every cohort can be reached, gaps are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.cohort.fhir.codes import FhirCodes, targets
from monai_app.cohort.spec import ModalitySpec
from monai_app.cohort.units import SUBSTANCES
from monai_app.core.loading import read_yaml
from monai_app.core.resources import resource
from tests.cohort.fhir.records import SPEC

COHORTS = sorted(path.stem for path in resource("configs", "cohorts").glob("*.yaml"))


def test_substances_of_the_table_are_known() -> None:
    named = {entry.substance for entry in FhirCodes.shipped().observations} - {None}
    assert named <= set(SUBSTANCES)


def test_a_code_of_one_method_never_feeds_another() -> None:
    by_name = {name: set(entry.codes) for entry in FhirCodes.shipped().observations for name in entry.names}
    assert by_name["systolic_pressure_cuff"].isdisjoint(by_name["systolic_pressure_arterial"])
    assert by_name["troponin_t"].isdisjoint(by_name["troponin_i"])


@pytest.mark.parametrize("name", COHORTS)
def test_every_cohort_gets_something_or_says_what_it_lacks(name: str) -> None:
    raw = read_yaml(Path(resource("configs", "cohorts", f"{name}.yaml")))
    spec = ModalitySpec.parse({key: raw[key] for key in ("film", "series", "table", "note") if key in raw})
    found = targets(spec)
    fed = {target.code for wanted in found.observations.values() for target in wanted}
    names = len(spec.series.channels if spec.series else ()) + len(spec.table.fields if spec.table else ())
    told = len(fed) + len(found.age) + len(found.sex) + len({code for code, _ in found.conditions})
    assert told + len(found.missing) == names


def test_what_no_code_feeds_is_named() -> None:
    found = targets(SPEC)
    assert found.missing == ("frailty_scale",)
    assert found.notes["34117-2"] == "NOTE//admission"
    assert [code for code, _ in found.conditions] == ["DIABETES"]
