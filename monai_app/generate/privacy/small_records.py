"""Records of a cohort as fixed summaries: table and series, scaled by the ranges that its description states.

As for films (:mod:`monai_app.generate.privacy.small_films`) nothing is fitted on patients, so that training on the
summaries is private as it stands; the ranges are those of the channels' definitions, which no patient decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import Channel, ModelSpec, TableField, TaskKind, TaskSpec
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.generate.privacy.small_training import Samples

Floats = NDArray[np.float64]

_WIDE = 20.0
"""Ratio of a positive range's ends beyond which places in it are those of the logarithm."""


def place(values: Floats, low: float | None, high: float | None) -> Floats:
    """Where values lie in a stated range, -1 at its low end and 1 at its high one; 0 where unknown.

    A wide positive range is read in logarithms; without a range a value is squashed.
    """
    if low is None or high is None:
        placed = np.tanh(values / 100.0)
    elif low > 0 and high / low > _WIDE:
        placed = 2 * np.log(np.clip(values, low, high) / low) / np.log(high / low) - 1
    else:
        placed = 2 * (np.clip(values, low, high) - low) / (high - low) - 1
    return np.nan_to_num(placed, nan=0.0)


def series_summary(grid: Floats, channels: Sequence[Channel]) -> Floats:
    """First, last, mean, least, largest value and share of observed steps of each channel (6 * C,).

    Args:
        grid: values, and whether they were observed (2, T, C).
    """
    parts = []
    for column, channel in enumerate(channels):
        seen = grid[0, grid[1, :, column] > 0, column]
        known = [seen[0], seen[-1], seen.mean(), seen.min(), seen.max()] if seen.size else [np.nan] * 5
        parts.append(np.append(place(np.array(known), channel.low, channel.high), seen.size / grid.shape[1]))
    return np.concatenate(parts)


def table_summary(table: Floats, fields: Sequence[TableField]) -> Floats:
    """Each column in its range, and whether it is known (2 * K,).

    Args:
        table: values with NaN for unknown (K,).
    """
    ends = [(f.low, f.high) if f.kind == "numeric" else (0.0, 1.0) for f in fields for _ in f.columns]
    placed = [place(table[k : k + 1], *end)[0] for k, end in enumerate(ends)]
    return np.concatenate([placed, np.isfinite(table).astype(np.float64)])


def record_samples(cohort_dir: str | Path, split: str, *, task: str | None = None) -> tuple[Samples, list[str]]:
    """The samples of a split with the labels of its binary and multilabel tasks, and the labels' names.

    Args:
        task: one task only.

    Raises:
        InputRejected: ``NO_RECORDS`` without samples, table and series, or such tasks; as
            :func:`monai_app.cohort.items.split_items`.
    """
    cohort = Cohort(cohort_dir)
    names = [name for name in ("series", "table") if getattr(cohort.record.modalities, name) is not None]
    spec = cohort.model_spec(None if task is None else [task], names) if names else None
    tasks = _labelled(spec)
    items = split_items(cohort_dir, split, spec) if spec is not None and tasks else []
    if spec is None or not items:
        raise InputRejected(
            "NO_RECORDS",
            "there are no records with labels",
            got=f"{len(items)} samples, {len(tasks)} binary or multilabel tasks",
            expected="at least one of each, with a table or series",
        )
    features = torch.from_numpy(np.stack([_summary(item, spec) for item in items])).float()
    labels = [np.concatenate([np.atleast_1d(item[f"label_{one.name}"]) for one in tasks]) for item in items]
    subjects = np.array([item["subject_id"] for item in items], np.int64)
    told = [name for one in tasks for name in (one.classes or (one.name,))]
    return Samples(features, torch.from_numpy(np.stack(labels)).float(), subjects), told


def _labelled(spec: ModelSpec | None) -> list[TaskSpec]:
    kinds = (TaskKind.BINARY, TaskKind.MULTILABEL)
    return [] if spec is None else [task for task in spec.tasks if task.kind in kinds]


def _summary(item: Mapping[str, Any], spec: ModelSpec) -> Floats:
    parts = []
    if spec.modalities.series is not None:
        grid = np.asarray(item["series"], np.float64)
        shown = grid if item["series_present"] else np.zeros_like(grid)
        parts.append(series_summary(shown, spec.modalities.series.channels))
    if spec.modalities.table is not None:
        values = np.asarray(item["table"], np.float64)[0]
        shown = values if item["table_present"] else np.full_like(values, np.nan)
        parts.append(table_summary(shown, spec.modalities.table.fields))
    return np.concatenate(parts)
