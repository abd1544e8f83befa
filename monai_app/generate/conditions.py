"""A condition told by hand: table fields and labels by name, checked against what the model knows and has seen."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import torch
from torch import Tensor

from monai_app.cohort.condition_columns import GenerationSpec, condition_columns, condition_tasks, task_columns
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected

logger = logging.getLogger(__name__)

Value = float | int | bool | str


@dataclass(frozen=True)
class Condition:
    """One row of a condition.

    Attributes:
        inputs: as batches of one sample have them.
        outside: names of fields whose value the training has not seen the like of.
    """

    inputs: dict[str, Tensor]
    outside: tuple[str, ...]


def known_fields(spec: GenerationSpec) -> list[str]:
    """Names that a condition can tell: table fields, then label columns."""
    table = spec.modalities.table
    return [*(() if table is None else (field.name for field in table.fields)), *condition_columns(spec.tasks)]


def told_condition(fields: Mapping[str, Value | None], spec: GenerationSpec) -> Condition:
    """The condition of the named fields; None and what is not named is not told. Nothing told draws unconditionally.

    A numeric field takes a number in the field's unit, a categorical one its category, a label 0 or 1 (or true, false).
    Values outside the training's range are flagged, not refused.

    Raises:
        InputRejected: ``CONDITION_UNKNOWN`` listing the known fields; ``CONDITION_VALUE`` for what is no such value.
    """
    told = {name: value for name, value in fields.items() if value is not None}
    known = known_fields(spec)
    if unknown := sorted(name for name in told if name not in known):
        near = sorted({match for name in unknown for match in get_close_matches(name, known, 1)})
        raise InputRejected(
            "CONDITION_UNKNOWN",
            "a condition names fields that the model does not know",
            got=unknown,
            expected=known,
            remedy="Did you mean " + ", ".join(near) + "?" if near else "",
        )
    inputs: dict[str, Tensor] = {}
    outside: list[str] = []
    if spec.modalities.table is not None:
        values = _table(told, spec, outside)
        inputs["table"] = torch.from_numpy(np.stack([values, np.zeros_like(values)])[None])
        inputs["table_present"] = torch.tensor([bool(np.isfinite(values).any())])
    for task in condition_tasks(spec.tasks):
        inputs[f"label_{task.name}"] = torch.from_numpy(_labels(told, task))[None]
    if not inputs:
        inputs["image_dropped"] = torch.tensor([True])
    if outside:
        logger.warning("outside the range of training: %s", ", ".join(outside))
    return Condition(inputs, tuple(outside))


def joined(conditions: Sequence[Condition]) -> dict[str, Tensor]:
    """The inputs of several conditions of one spec as a batch."""
    return {key: torch.cat([condition.inputs[key] for condition in conditions]) for key in conditions[0].inputs}


def _table(told: Mapping[str, Value], spec: GenerationSpec, outside: list[str]) -> np.ndarray:
    assert spec.modalities.table is not None
    values: list[float] = []
    for field in spec.modalities.table.fields:
        value = told.get(field.name)
        if field.kind == "categorical":
            values += [math.nan if value is None else float(str(value) == name) for name in field.categories]
            if value is not None and str(value) not in field.categories:
                raise _bad_value(field.name, ", ".join(field.categories))
            continue
        number = math.nan if value is None else _number(field.name, value)
        low, high = spec.ranges.get(field.name, (-math.inf, math.inf))
        if value is not None and not low <= number <= high:
            outside.append(field.name)
        values.append(number)
    return np.array(values, np.float32)


def _labels(told: Mapping[str, Value], task: TaskSpec) -> np.ndarray:
    """Labels as batches have them: (K,) of 0, 1, NaN; (1,) with the class of a multiclass task."""
    states = []
    for column in task_columns(task):
        value = told.get(column)
        number = math.nan if value is None else _number(column, value)
        if not (math.isnan(number) or number in (0.0, 1.0)):
            raise _bad_value(column, "0 or 1")
        states.append(number)
    if task.kind is not TaskKind.MULTICLASS:
        return np.array(states, np.float32)
    chosen = [index for index, state in enumerate(states) if state == 1.0]
    if len(chosen) > 1:
        raise _bad_value(task.name, "one class")
    return np.array([float(chosen[0]) if chosen else math.nan], np.float32)


def _number(name: str, value: Value) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _bad_value(name, "a finite number")
    return number


def _bad_value(name: str, expected: str) -> InputRejected:
    return InputRejected("CONDITION_VALUE", f"the condition's field {name} has no such value", expected=expected)
