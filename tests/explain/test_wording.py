"""Units and labels as they stand on a chart."""

from __future__ import annotations

import pytest

from monai_app.cohort.spec import ModelSpec
from monai_app.explain.target import find_target
from monai_app.explain.wording import label_of, plain_unit, told


@pytest.mark.parametrize(
    ("ucum", "shown"),
    [("mm[Hg]", "mmHg"), ("1", ""), ("{score}", "score"), ("mL/min/{1.73_m2}", "mL/min/1.73 m2"), ("mmol/L", "mmol/L")],
)
def test_units_are_those_of_a_chart(ucum: str, shown: str) -> None:
    assert plain_unit(ucum) == shown


def test_labels_are_words(spec: ModelSpec) -> None:
    names = ["death", "findings/a", "survival/by_2"]
    assert [label_of(find_target(spec, name)) for name in names] == ["death", "a", "survival within 2 days"]
    assert told(find_target(spec, "stay"), 4.25) == "4.25 days" and told(find_target(spec, "death"), 0.123) == "0.12"
