from __future__ import annotations

import pytest

from monai_app.core.errors import InputRejected
from monai_app.generate.synthetic.columns import cohort_columns, other_groups, targets
from tests.faults.cohorts import small_content

RECORD = small_content().record.model_copy(update={"groups": {"sex": "GENDER", "site": "SITE"}})
COLUMNS = cohort_columns(RECORD, {"site": ["A", "B"]})


def test_every_part_has_its_columns() -> None:
    assert COLUMNS.table == ("age", "d_dimer", "sex=F", "sex=M") and COLUMNS.groups == ("site=A", "site=B")
    assert {"death.death", "diagnosis.oedema", "place.place=ward", "stay.value", "survival.event"} <= set(
        COLUMNS.labels
    )
    assert COLUMNS.series[:4] == ("heart_rate.count", "heart_rate.level", "heart_rate.slope", "heart_rate.spread")
    assert COLUMNS.present == ("film", "note") and len(set(COLUMNS.keys)) == len(COLUMNS.keys)


def test_categories_exclude_each_other() -> None:
    keys = [[COLUMNS.keys[place] for place in group] for group in COLUMNS.groups_of_columns()]
    assert [len(group) for group in keys] == [2, 2, 3] and keys[0] == ["table/sex=F", "table/sex=M"]


def test_a_group_that_the_table_holds_is_no_column_of_its_own() -> None:
    assert other_groups(RECORD) == ("site",)


def test_targets_are_columns() -> None:
    found = targets(COLUMNS, RECORD, {"pneumonia": 0.3, "place=ward": 0.2}, {"sex=F": 0.5, "site=B": 0.1})
    names = [COLUMNS.keys[target.column] for target in found]
    assert names == ["labels/diagnosis.pneumonia", "labels/place.place=ward", "table/sex=F", "groups/site=B"]
    assert [target.share for target in found] == [0.3, 0.2, 0.5, 0.1]


@pytest.mark.parametrize(
    ("prevalence", "subgroup"), [({"pneumonai": 0.3}, {}), ({}, {"sex=X": 0.5}), ({"stay": 0.5}, {})]
)
def test_unknown_targets_are_refused(prevalence: dict[str, float], subgroup: dict[str, float]) -> None:
    with pytest.raises(InputRejected, match="TARGET_UNKNOWN"):
        targets(COLUMNS, RECORD, prevalence, subgroup)
