"""The same metrics for parts of the samples: by which modalities are present, and by sex, age band and site."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from monai_app.cohort.spec import TaskKind
from monai_app.engines.measurement import HEADLINE_REGRESSION, Numbers, as_json, concordance
from monai_app.engines.predictions import Predictions, TaskPredictions
from monai_app.engines.views import class_views, is_classification, survival_view, value_view
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.estimates import RANKING, REGRESSION, Measured, macro, measure
from monai_app.metrics.subgroups import MIN_SAMPLES, Subgroup, missing_patterns, subgroups


def measure_patterns(test: Predictions, bootstrap: PatientBootstrap) -> list[Numbers]:
    """A row for each combination of modalities that occurs: name, n and per task its headline metrics."""
    return [_row(test, group, bootstrap) for group in missing_patterns(test.present, test.modalities)]


def measure_groups(test: Predictions, bootstrap: PatientBootstrap) -> dict[str, list[Numbers]]:
    """Likewise for the groups of each attribute."""
    return {
        name: [_row(test, group, bootstrap) for group in subgroups(name, values)]
        for name, values in test.groups.items()
    }


def mean_weights(test: Predictions) -> list[Numbers] | None:
    """How much the model used each modality, by which modalities are present; None where it does not say."""
    if test.weights is None:
        return None
    return [
        {
            "name": group.name,
            "n": group.samples,
            "weights": dict(zip(test.modalities, test.weights[group.rows].mean(axis=0).tolist(), strict=True)),
        }
        for group in missing_patterns(test.present, test.modalities)
    ]


def _row(test: Predictions, group: Subgroup, bootstrap: PatientBootstrap) -> Numbers:
    tasks = {name: _restricted(task, group, bootstrap) for name, task in test.tasks.items()}
    return {"name": group.name, "n": group.samples, "tasks": tasks}


def _restricted(task: TaskPredictions, group: Subgroup, bootstrap: PatientBootstrap) -> Numbers:
    """Headline metrics on the labelled samples of a group; None below ``MIN_SAMPLES`` of them."""
    label = np.where(group.rows[:, None], task.label, np.nan)
    n, positives, measured = _headline(replace(task, label=label), bootstrap)
    metrics: dict[str, Any] = as_json(measured)
    return {"n": n, "positives": positives, "metrics": metrics if n >= MIN_SAMPLES else dict.fromkeys(metrics)}


def _headline(task: TaskPredictions, bootstrap: PatientBootstrap) -> tuple[int, int | None, dict[str, Measured]]:
    """Number of labelled samples, of positive ones where that is one number, and the metrics."""
    if is_classification(task.spec):
        views = class_views(task, None)
        measured = {
            name: macro([measure(metric, v.label, v.score, rows=v.rows, bootstrap=bootstrap) for v in views])
            for name, metric in RANKING.items()
        }
        n = np.unique(np.concatenate([view.rows for view in views])).size
        return n, views[0].positives if len(views) == 1 else None, measured
    if task.spec.kind is TaskKind.REGRESSION:
        value = value_view(task)
        measured = {
            name: measure(REGRESSION[name], value.label, value.value, rows=value.rows, bootstrap=bootstrap)
            for name in HEADLINE_REGRESSION
        }
        return value.label.size, None, measured
    survival = survival_view(task)
    return survival.time.size, int(survival.event.sum()), {"concordance_index": concordance(survival, bootstrap)}
