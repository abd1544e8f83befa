"""Which labels can be given as a condition of a drawn image, column by column, and what the training has seen of each.

A generated image is conditioned on the modalities beside it and on labels that are yes or no: binary and multilabel
tasks a column a class, multiclass ones a column a class too. Values and times to events are no such labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from monai_app.cohort.spec import ModelSpec, TaskKind, TaskSpec

_KINDS = (TaskKind.BINARY, TaskKind.MULTILABEL, TaskKind.MULTICLASS)

Range = tuple[float, float]


class GenerationSpec(ModelSpec):
    """What a conditioned generator is built for, stored beside its weights.

    Attributes:
        ranges: least and largest value of each table column and series channel (``series.<name>``) in training.
    """

    ranges: dict[str, Range] = Field(default_factory=dict)


def condition_tasks(tasks: Sequence[TaskSpec]) -> tuple[TaskSpec, ...]:
    """The tasks whose labels can be a condition."""
    return tuple(task for task in tasks if task.kind in _KINDS)


def task_columns(task: TaskSpec) -> tuple[str, ...]:
    """Names of a task's columns: its own, or one a class; a class of a multiclass task as ``task=class``."""
    if task.kind is TaskKind.BINARY:
        return (task.name,)
    if task.kind is TaskKind.MULTICLASS:
        return tuple(f"{task.name}={name}" for name in task.classes)
    return task.classes


def condition_columns(tasks: Sequence[TaskSpec]) -> tuple[str, ...]:
    """Names of all K columns of a label condition."""
    return tuple(column for task in condition_tasks(tasks) for column in task_columns(task))


def with_ranges(spec: ModelSpec, items: Iterable[Mapping[str, Any]]) -> GenerationSpec:
    """The spec with the ranges of what was observed in train items."""
    items = list(items)
    ranges: dict[str, Range] = {}
    modalities = spec.modalities
    if modalities.table is not None:
        rows = [item["table"][0] for item in items if item["table_present"]]
        ranges |= _ranges(modalities.table.columns, rows)
    if modalities.series is not None:
        names = [f"series.{channel.name}" for channel in modalities.series.channels]
        grids = [item["series"] for item in items if item["series_present"]]
        observed = [np.where(grid[1] > 0, grid[0], np.nan) for grid in grids]
        ranges |= _ranges(names, [row for grid in observed for row in _extremes(grid)])
    return GenerationSpec(modalities=modalities, tasks=spec.tasks, ranges=ranges)


def outside_ranges(spec: GenerationSpec, item: Mapping[str, Any]) -> list[str]:
    """Names of the columns and channels of an item that lie outside what the training has seen."""
    seen: dict[str, np.ndarray] = {}
    modalities = spec.modalities
    if modalities.table is not None and bool(item.get("table_present")):
        values = np.asarray(item["table"])[0]
        seen |= {name: values[index : index + 1] for index, name in enumerate(modalities.table.columns)}
    if modalities.series is not None and bool(item.get("series_present")):
        grid = np.asarray(item["series"])
        observed = np.where(grid[1] > 0, grid[0], np.nan)
        seen |= {f"series.{channel.name}": observed[:, c] for c, channel in enumerate(modalities.series.channels)}
    flagged = []
    for name, values in seen.items():
        known = values[np.isfinite(values)]
        low, high = spec.ranges.get(name, (np.inf, -np.inf))
        if known.size and (known.min() < low or known.max() > high):
            flagged.append(name)
    return flagged


def _extremes(grid: np.ndarray) -> list[np.ndarray]:
    """Smallest and largest value of each channel (C,), NaN where none was observed."""
    known = np.isfinite(grid)
    low = np.where(known, grid, np.inf).min(axis=0)
    high = np.where(known, grid, -np.inf).max(axis=0)
    return [np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan)]


def _ranges(names: Sequence[str], rows: Sequence[np.ndarray]) -> dict[str, Range]:
    if not rows:
        return {}
    low, high = _extremes(np.stack(rows))
    return {
        name: (float(low[index]), float(high[index])) for index, name in enumerate(names) if np.isfinite(low[index])
    }
