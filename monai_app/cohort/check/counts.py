"""How many patients, samples and labels, and how often each label is true."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import binomtest

from monai_app.cohort.content_rules import SPLITS
from monai_app.cohort.samples import sample_table
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.cohort.store import Cohort


@dataclass(frozen=True)
class LabelCount:
    """One label of a task in one split.

    Attributes:
        label: class, or the task itself.
        n: labelled samples.
        positive: how many are true (binary, multilabel), of this class (multiclass), or had the event (survival).
        rate: positive / n.
        low: lower end of Wilson's 95 % interval of the rate.
        high: upper end.
        median: of a regression target or of a survival time.
        quartile_low: 25th percentile of it.
        quartile_high: 75th percentile of it.
    """

    task: str
    kind: str
    label: str
    split: str
    n: int
    positive: int | None = None
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    median: float | None = None
    quartile_low: float | None = None
    quartile_high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields that are known."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def label_counts(cohort: Cohort) -> list[LabelCount]:
    """Every label of every task in every split, in the order of tasks, labels, splits."""
    splits = cohort.splits().unique("subject_id")
    counts = []
    for task in cohort.tasks.values():
        joined = cohort.labels(task.name).join(splits, on="subject_id", how="left")
        for label in _labels(task):
            for split in SPLITS:
                counts.append(_count(task, label, split, joined.filter(pl.col("split") == split)))
    return counts


def cohort_counts(cohort: Cohort) -> dict[str, Any]:
    """Patients, samples per split, events, images, and how many labels each task has."""
    samples = sample_table(cohort)
    per_split = dict(samples.group_by("split").len().iter_rows())
    tasks = {}
    for task in cohort.tasks.values():
        labels = cohort.labels(task.name)
        tasks[task.name] = {"labelled": labels.height}
        if task.kind is TaskKind.BINARY:
            tasks[task.name]["positive"] = int(labels["value"].sum())
    return {
        "patients": samples["subject_id"].n_unique(),
        "samples": {split: per_split[split] for split in SPLITS if split in per_split},
        "events": cohort.events().select(pl.len()).collect().item(),
        "images": cohort.images().height,
        "tasks": tasks,
    }


def _labels(task: TaskSpec) -> tuple[str, ...]:
    return task.classes if task.kind in (TaskKind.MULTILABEL, TaskKind.MULTICLASS) else (task.name,)


def _count(task: TaskSpec, label: str, split: str, rows: pl.DataFrame) -> LabelCount:
    base = LabelCount(task.name, task.kind.value, label, split, 0)
    if task.kind is TaskKind.REGRESSION:
        return _with_quartiles(replace(base, n=rows["value"].count()), rows["value"])
    if task.kind is TaskKind.SURVIVAL:
        known = rows.drop_nulls(["time", "event"])
        return _with_quartiles(_with_rate(base, known["event"]), known["time"])
    if task.kind is TaskKind.MULTICLASS:
        return _with_rate(base, rows["value"].drop_nulls() == label)
    return _with_rate(base, rows[label if task.kind is TaskKind.MULTILABEL else "value"].drop_nulls())


def _with_rate(count: LabelCount, truth: pl.Series) -> LabelCount:
    """The rate of known labels with Wilson's 95 % interval."""
    positive, n = int(truth.sum()), truth.len()
    if n == 0:
        return replace(count, positive=0)
    interval = binomtest(positive, n).proportion_ci(0.95, method="wilson")
    return replace(count, n=n, positive=positive, rate=positive / n, low=float(interval.low), high=float(interval.high))


def _with_quartiles(count: LabelCount, values: pl.Series) -> LabelCount:
    known = values.drop_nulls().cast(pl.Float64).to_numpy()
    if known.size == 0:
        return count
    low, median, high = (float(value) for value in np.quantile(known, (0.25, 0.5, 0.75)))
    return replace(count, quartile_low=low, median=median, quartile_high=high)
