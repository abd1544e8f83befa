"""The shapes that follow from a spec, and the order of modalities that every presence vector uses."""

from __future__ import annotations

import pytest

from monai_app.cohort.spec import Modality, ModalitySpec, NoteSpec, SeriesSpec, TableField, TableSpec, TaskSpec
from monai_app.core.errors import InputRejected


def test_modalities_have_one_order_whatever_the_order_of_the_keys() -> None:
    spec = ModalitySpec(note=NoteSpec(codes=("NOTE",)), table=TableSpec(fields=()))
    assert spec.names == (Modality.TABLE, Modality.NOTE)
    assert [modality.value for modality in Modality] == ["film", "series", "table", "note"]


@pytest.mark.parametrize(("hours", "step_hours", "steps"), [(48.0, 1.0, 48), (24.0, 0.5, 48), (1.0, 0.1, 10)])
def test_steps_fill_the_hours(hours: float, step_hours: float, steps: int) -> None:
    assert SeriesSpec(hours=hours, step_hours=step_hours, channels=()).steps == steps


def test_categorical_field_is_a_column_a_category() -> None:
    fields = (
        TableField(name="age", codes=("AGE",)),
        TableField(name="sex", codes=("GENDER",), kind="categorical", categories=("F", "M")),
    )
    assert TableSpec(fields=fields).columns == ("age", "sex=F", "sex=M")


@pytest.mark.parametrize(
    ("task", "columns", "outputs"),
    [
        ({"kind": "binary"}, ("value",), 1),
        ({"kind": "regression"}, ("value",), 1),
        ({"kind": "multiclass", "classes": ("a", "b", "c")}, ("value",), 3),
        ({"kind": "multilabel", "classes": ("a", "b")}, ("a", "b"), 2),
        ({"kind": "survival", "bin_edges": (1, 7, 30)}, ("time", "event"), 3),
    ],
)
def test_kind_of_task_decides_label_columns_and_outputs(
    task: dict[str, object], columns: tuple[str, ...], outputs: int
) -> None:
    spec = TaskSpec.parse({"name": "t", **task})
    assert (spec.columns, spec.outputs) == (columns, outputs)


@pytest.mark.parametrize("value", [{"name": "t", "kind": "clustering"}, {"name": "t", "kind": "binary", "unti": "d"}])
def test_unknown_kinds_and_fields_are_refused(value: dict[str, str]) -> None:
    with pytest.raises(InputRejected, match="RECORD_INVALID"):
        TaskSpec.parse(value)
