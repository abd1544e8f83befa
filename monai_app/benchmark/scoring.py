"""The numbers of one set of predictions: discrimination, calibration, selective prediction, a row a task and metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from monai_app.engines.predictions import Predictions
from monai_app.engines.views import ClassView, class_views, is_classification
from monai_app.metrics import calibration, classification, selective
from monai_app.metrics.labels import Floats

MEAN = "mean"
"""Label of a row that is the mean over a task's classes, each weighing the same."""

KEPT = 0.8
"""Coverage at which the error rate after rejecting the least certain is told."""

_RANKED: Mapping[str, Callable[[Floats, Floats], float | None]] = {
    "auroc": classification.auroc,
    "auprc": classification.auprc,
    "brier": calibration.brier,
    "nll": calibration.nll,
    "ece": calibration.ece,
    "adaptive_ece": calibration.adaptive_ece,
    "mce": calibration.mce,
}
_DECIDED: Mapping[str, Callable[[Floats, Floats], float | None]] = {
    "accuracy": classification.accuracy,
    "f1": classification.f1,
}
CALIBRATION = ("ece", "adaptive_ece", "mce", "brier", "nll")
"""Metrics that are told a second time after temperature scaling, as ``<metric>_scaled``."""


@dataclass(frozen=True)
class Score:
    """One number.

    Attributes:
        task: of the predictions.
        label: class of the task, or :data:`MEAN`.
        metric: what was measured.
        value: None where undefined.
    """

    task: str
    label: str
    metric: str
    value: float | None


def score(test: Predictions, tuning: Predictions, scaled: Predictions | None = None) -> list[Score]:
    """All numbers of the classification tasks.

    Args:
        test: what is judged.
        tuning: where thresholds are chosen.
        scaled: ``test`` after post-hoc calibration.
    """
    rows: list[Score] = []
    for name, task in test.tasks.items():
        if not is_classification(task.spec):
            continue
        by_class = {view.name: _numbers(view) for view in class_views(task, tuning.tasks.get(name))}
        if scaled is not None:
            for view in class_views(scaled.tasks[name], None):
                by_class[view.name] |= {
                    f"{metric}_scaled": _RANKED[metric](view.label, view.score) for metric in CALIBRATION
                }
        rows += _rows(name, by_class)
    return rows


def _numbers(view: ClassView) -> dict[str, float | None]:
    numbers = {name: metric(view.label, view.score) for name, metric in _RANKED.items()}
    numbers |= {name: metric(view.label, view.decision) for name, metric in _DECIDED.items()}
    wrong = ((view.score >= 0.5) != (view.label > 0.5)).astype(np.float64)
    certain = np.abs(view.score - 0.5)
    numbers["confidence"] = float((certain + 0.5).mean()) if certain.size else None
    numbers["error"] = float(wrong.mean()) if wrong.size else None
    numbers["error_kept"] = selective.error_at_coverage(wrong, certain, KEPT)
    numbers["aurc"] = selective.aurc(wrong, certain)
    numbers["e_aurc"] = selective.excess_aurc(wrong, certain)
    return numbers


def _rows(task: str, by_class: Mapping[str, Mapping[str, float | None]]) -> Iterator[Score]:
    for name, numbers in by_class.items():
        for metric, value in numbers.items():
            yield Score(task, name, metric, value)
    for metric in next(iter(by_class.values()), {}):
        known = [value for numbers in by_class.values() if (value := numbers[metric]) is not None]
        yield Score(task, MEAN, metric, float(np.mean(known)) if known else None)
