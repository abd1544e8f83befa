"""Labels and group attributes of samples, as arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from monai_app.cohort.facts import as_text, collect_facts, last_known
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected


def labelled_tasks(cohort: Cohort, tasks: tuple[TaskSpec, ...]) -> list[str]:
    """Names of the tasks for which the cohort holds labels; the others stay unlabelled.

    Raises:
        InputRejected: ``TASK_MISMATCH`` when the cohort means something else by a name.
    """
    known = [task for task in tasks if task.name in cohort.tasks]
    meaning = ("kind", "classes", "unit", "bin_edges")
    wrong = [
        task.name for task in known if any(getattr(task, f) != getattr(cohort.tasks[task.name], f) for f in meaning)
    ]
    if wrong:
        raise InputRejected(
            "TASK_MISMATCH",
            "the cohort defines tasks otherwise than the model",
            got=wrong,
            expected="the same kind, classes, unit and bin edges",
        )
    return [task.name for task in known]


def label_values(cohort: Cohort, task: TaskSpec, samples: pl.DataFrame) -> npt.NDArray[np.float32]:
    """``(N, K')`` float32: binary, regression and multiclass (class index) 1, multilabel K, survival [time, event].

    NaN where unlabelled.
    """
    if task.name not in cohort.tasks:
        return np.full((samples.height, len(task.columns)), np.nan, np.float32)
    joined = samples.select("sample", "subject_id", "prediction_time").join(
        cohort.labels(task.name), on=["subject_id", "prediction_time"], how="left"
    )
    if task.kind is TaskKind.MULTICLASS:
        index = {name: float(position) for position, name in enumerate(task.classes)}
        joined = joined.with_columns(pl.col("value").replace_strict(index, default=None, return_dtype=pl.Float32))
    ordered = joined.sort("sample").select(pl.col(column).cast(pl.Float32).fill_null(np.nan) for column in task.columns)
    return ordered.to_numpy().astype(np.float32, copy=False)


def group_values(events: pl.LazyFrame, groups: Mapping[str, str], n_samples: int) -> dict[str, list[str] | list[float]]:
    """The attributes that results are broken down by, as last known at the prediction time.

    A group whose name ends in ``_years`` is a number (NaN unknown); every other one is text ("unknown").

    Args:
        events: visible events with ``sample``.
        groups: event code by group name.
        n_samples: N.
    """
    facts = collect_facts(events, list(groups.values()))
    values: dict[str, list[str] | list[float]] = {}
    for name, code in groups.items():
        latest = last_known(facts, [code]).with_columns(as_text().alias("text"))
        if name.endswith("_years"):
            numbers = [float("nan")] * n_samples
            for sample, number in latest.select("sample", "numeric_value").drop_nulls().iter_rows():
                numbers[sample] = number
            values[name] = numbers
            continue
        texts = ["unknown"] * n_samples
        for sample, text in latest.select("sample", "text").drop_nulls().iter_rows():
            texts[sample] = text
        values[name] = texts
    return values
