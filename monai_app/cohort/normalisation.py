"""Means and standard deviations of the train samples; they become buffers of the network, so they travel with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_app.cohort.spec import ModelSpec, TaskKind, TaskSpec
from monai_app.core.errors import InputRejected

Floats = npt.NDArray[np.float32]


def fit_statistics(items: Sequence[Mapping[str, Any]], spec: ModelSpec) -> dict[str, npt.NDArray[np.float32]]:
    """Statistics over the observed values of train items, never over filled or absent ones.

    Args:
        items: of the train split only, from :func:`monai_app.cohort.items.split_items`.
        spec: modalities and tasks.

    Returns:
        ``series_mean``, ``series_std`` (C,); ``table_mean``, ``table_std`` (F,); per task ``target_mean_<task>`` and
        ``target_std_<task>``: prevalences (K,) for binary, multilabel and multiclass, mean (1,) for regression,
        [time, event] (2,) for survival. Never observed: mean 0, standard deviation 1; constant: standard deviation 1.

    Raises:
        InputRejected: ``EMPTY_COHORT``.
    """
    if not items:
        raise InputRejected("EMPTY_COHORT", "statistics need train samples", got="0 samples", expected="at least one")
    statistics: dict[str, Floats] = {}
    if spec.modalities.series is not None:
        rows = [_observed_series(item["series"]) for item in items if item["series_present"]]
        _add_moments(statistics, "series", "", rows, len(spec.modalities.series.channels))
    if spec.modalities.table is not None:
        rows = [item["table"][:1] for item in items if item["table_present"]]
        _add_moments(statistics, "table", "", rows, len(spec.modalities.table.columns))
    for task in spec.tasks:
        targets = [_target(task, item[f"label_{task.name}"])[None] for item in items]
        _add_moments(statistics, "target", f"_{task.name}", targets, targets[0].shape[1])
    return statistics


def _observed_series(series: Floats) -> Floats:
    """``(3, T, C) -> (T, C)`` with NaN where nothing was observed in the step."""
    observed: Floats = np.where(series[1] > 0, series[0], np.float32(np.nan))
    return observed


def _target(task: TaskSpec, label: Floats) -> Floats:
    if task.kind is not TaskKind.MULTICLASS:
        return label
    if np.isnan(label[0]):
        return np.full(len(task.classes), np.nan, np.float32)
    one_hot: Floats = np.equal(np.arange(len(task.classes)), label[0]).astype(np.float32)
    return one_hot


def _add_moments(statistics: dict[str, Floats], kind: str, suffix: str, rows: Sequence[Floats], width: int) -> None:
    """Add mean and standard deviation of stacked rows ``(R, width)`` in two passes of float64, ignoring NaN."""
    count, total = np.zeros(width), np.zeros(width)
    for row in rows:
        known = np.isfinite(row)
        count += known.sum(axis=0)
        total += np.where(known, row, 0).sum(axis=0, dtype=np.float64)
    mean = total / np.maximum(count, 1)
    squares = np.zeros(width)
    for row in rows:
        deviation = np.where(np.isfinite(row), row - mean, 0)
        squares += (deviation**2).sum(axis=0)
    std = np.sqrt(squares / np.maximum(count, 1))
    statistics[f"{kind}_mean{suffix}"] = mean.astype(np.float32)
    statistics[f"{kind}_std{suffix}"] = np.where(std > 0, std, 1.0).astype(np.float32)
