"""Conditions told by hand: unknown names list the known ones, strange values are flagged, nothing told is nothing."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.condition_columns import GenerationSpec
from monai_app.cohort.spec import ModalitySpec, TableField, TableSpec, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.generate.conditions import joined, known_fields, told_condition

SPEC = GenerationSpec(
    modalities=ModalitySpec(
        table=TableSpec(
            fields=(
                TableField(name="age", codes=("AGE",)),
                TableField(name="sex", codes=("SEX",), kind="categorical", categories=("F", "M")),
            )
        )
    ),
    tasks=(
        TaskSpec(name="findings", kind="multilabel", classes=("effusion", "nodule")),
        TaskSpec(name="type", kind="multiclass", classes=("x", "y")),
    ),
    ranges={"age": (18.0, 97.0)},
)


def test_fields_become_what_batches_of_a_cohort_have() -> None:
    told = told_condition({"age": 70, "sex": "F", "effusion": True, "type=y": 1}, SPEC)
    assert told.inputs["table"][0, 0].tolist() == [70.0, 1.0, 0.0] and bool(told.inputs["table_present"])
    findings = told.inputs["label_findings"][0]
    assert float(findings[0]) == 1.0 and bool(findings[1].isnan())
    assert told.inputs["label_type"].tolist() == [[1.0]] and told.outside == ()


def test_nothing_told_leaves_everything_unknown() -> None:
    for fields in ({}, {"age": None, "effusion": None}):
        told = told_condition(fields, SPEC)
        assert not bool(told.inputs["table_present"]) and bool(told.inputs["label_findings"].isnan().all())
    assert bool(told_condition({}, GenerationSpec(modalities=ModalitySpec(), tasks=())).inputs["image_dropped"])


def test_an_unknown_field_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(InputRejected, match=r"CONDITION_UNKNOWN.*efusion.*age.*nodule.*mean effusion"):
        told_condition({"efusion": 1}, SPEC)
    assert known_fields(SPEC) == ["age", "sex", "effusion", "nodule", "type=x", "type=y"]


def test_a_value_outside_the_training_is_flagged_and_used() -> None:
    told = told_condition({"age": 130}, SPEC)
    assert told.outside == ("age",) and float(told.inputs["table"][0, 0, 0]) == 130.0


@pytest.mark.parametrize(
    "fields", [{"age": float("nan")}, {"age": "old"}, {"sex": "X"}, {"effusion": 0.5}, {"type=x": 1, "type=y": 1}]
)
def test_what_is_no_such_value_is_refused(fields: dict[str, float | str]) -> None:
    with pytest.raises(InputRejected, match="CONDITION_VALUE"):
        told_condition(fields, SPEC)


def test_conditions_are_joined_row_by_row() -> None:
    rows = joined([told_condition({"age": 20}, SPEC), told_condition({"nodule": 0}, SPEC)])
    assert rows["table"].shape == (2, 2, 3) and rows["table_present"].tolist() == [True, False]
    assert torch.equal(rows["label_findings"][1, 1], torch.tensor(0.0))
