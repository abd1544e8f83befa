"""Predictions of every kind of task from one latent severity, for tests of evaluation and report."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.random import numpy_generator
from monai_app.engines.predictions import Predictions, TaskPredictions

TASKS = {
    "mortality": TaskSpec(name="mortality", kind=TaskKind.BINARY, description="death in hospital"),
    "findings": TaskSpec(name="findings", kind=TaskKind.MULTILABEL, classes=("oedema", "pneumonia", "fracture")),
    "phenotype": TaskSpec(name="phenotype", kind=TaskKind.MULTICLASS, classes=("septic", "cardiac", "other")),
    "stay": TaskSpec(name="stay", kind=TaskKind.REGRESSION, unit="d"),
    "survival": TaskSpec(name="survival", kind=TaskKind.SURVIVAL, unit="d", bin_edges=(7.0, 30.0, 90.0)),
}


def simulated(
    n: int = 240, *, seed: int = 0, tasks: tuple[str, ...] = tuple(TASKS), first_subject: int = 0
) -> Predictions:
    """N samples of N / 2 patients; scores are informative and roughly calibrated."""
    random = numpy_generator("tests/simulated", seed)
    severity = random.normal(size=n)
    classes = softmax(np.stack([-severity, 0 * severity, severity], axis=1), axis=1)
    hazard = 0.02 * np.exp(severity)
    time, censored = random.exponential(1 / hazard), random.exponential(80, n)
    findings = expit(severity[:, None] - np.array([0.5, 1.0, 2.0]))
    made = {
        "mortality": (expit(severity - 1)[:, None], (random.random(n) < expit(severity - 1))[:, None]),
        "findings": (findings, random.random((n, 3)) < findings),
        "phenotype": (classes, (classes.cumsum(axis=1) > random.random((n, 1))).argmax(axis=1)[:, None]),
        "stay": (severity[:, None] + 5, severity[:, None] + 5 + random.normal(size=(n, 1))),
        "survival": (
            np.exp(-hazard[:, None] * np.array(TASKS["survival"].bin_edges)),
            np.stack([np.minimum(time, censored), time <= censored], axis=1),
        ),
    }
    present = np.stack([random.random(n) < 0.7, np.ones(n, bool)], axis=1)
    weights = present * random.random((n, 2))
    return Predictions(
        subject_id=first_subject + np.arange(n) // 2,
        prediction_time=np.arange(n),
        modalities=("film", "series"),
        present=present,
        weights=weights / weights.sum(axis=1, keepdims=True),
        groups={
            "sex": random.choice(["F", "M", ""], n),
            "age_years": random.uniform(10, 95, n),
        },
        tasks={
            name: TaskPredictions(TASKS[name], made[name][0], np.asarray(made[name][1], dtype=float)) for name in tasks
        },
    )


def relabelled(predictions: Predictions, task: str, label: np.ndarray) -> Predictions:
    """The same predictions with other labels of one task."""
    old = predictions.tasks[task]
    changed = {**predictions.tasks, task: TaskPredictions(old.spec, old.score, label)}
    return Predictions(**{**vars(predictions), "tasks": changed})
