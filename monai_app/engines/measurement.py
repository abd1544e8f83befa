"""The numbers of an evaluation: every task's metrics with 95 % intervals, ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_app.cohort.spec import TaskKind
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.views import (
    ClassView,
    SurvivalView,
    choice_view,
    class_views,
    is_classification,
    survival_view,
    value_view,
)
from monai_app.metrics import resampled, survival
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.classification import confusion
from monai_app.metrics.estimates import (
    DECISION,
    MEAN,
    PROBABILITY,
    RANKING,
    REGRESSION,
    Measured,
    Metric,
    macro,
    measure,
)

Numbers = dict[str, Any]
HEADLINE_REGRESSION = ("mae", "r2")
_SCORED = {**RANKING, **PROBABILITY}


def measure_task(test: TaskPredictions, tuning: TaskPredictions | None, bootstrap: PatientBootstrap) -> Numbers:
    """All metrics of one task, undefined ones as None."""
    if is_classification(test.spec):
        numbers = _classification(test, tuning, bootstrap)
    elif test.spec.kind is TaskKind.REGRESSION:
        numbers = _regression(test, bootstrap)
    else:
        numbers = _survival(test, bootstrap)
    return {"kind": test.spec.kind.value, "description": test.spec.description, "unit": test.spec.unit, **numbers}


def _classification(test: TaskPredictions, tuning: TaskPredictions | None, bootstrap: PatientBootstrap) -> Numbers:
    views = class_views(test, tuning)
    measured = [_class_metrics(view, bootstrap) for view in views]
    classes = {
        view.name: {
            "n": int(view.label.size),
            "positives": view.positives,
            "prevalence": view.prevalence,
            "threshold": None
            if view.threshold is None
            else {"value": view.threshold.value, "origin": view.threshold.origin.value},
            "metrics": as_json(values),
            "confusion": confusion(view.label, view.decision, classes=2).tolist(),
        }
        for view, values in zip(views, measured, strict=True)
    }
    numbers: Numbers = {"n": len(set().union(*(view.rows.tolist() for view in views))), "classes": classes}
    if len(views) > 1:
        averaged = {name: macro([values[name] for values in measured]) for name in measured[0]}
        numbers["macro"] = as_json(averaged)
        numbers["macro_classes"] = {
            name: sum(values[name].value is not None for values in measured) for name in measured[0]
        }
        numbers["micro"] = as_json(_class_metrics(_pooled(views), bootstrap))
    if test.spec.kind is TaskKind.MULTICLASS:
        numbers["overall"], numbers["confusion"] = _choice(test, bootstrap)
    leading = classes[views[0].name]["metrics"] if len(views) == 1 else numbers["macro"]
    numbers["headline"] = {name: leading[name] for name in RANKING}
    return numbers


def _class_metrics(view: ClassView, bootstrap: PatientBootstrap) -> dict[str, Measured]:
    scored = {
        name: measure(metric, view.label, view.score, rows=view.rows, bootstrap=bootstrap)
        for name, metric in _SCORED.items()
    }
    decided = {
        name: measure(metric, view.label, view.decision, rows=view.rows, bootstrap=bootstrap)
        for name, metric in DECISION.items()
    }
    return {**scored, **decided}


def _pooled(views: Sequence[ClassView]) -> ClassView:
    """All (sample, class) pairs as one binary label, for micro averages."""
    joined = {
        name: np.concatenate([getattr(view, name) for view in views]) for name in ("rows", "label", "score", "decision")
    }
    return ClassView("all classes", threshold=None, **joined)


def _choice(test: TaskPredictions, bootstrap: PatientBootstrap) -> tuple[Numbers, list[list[int]]]:
    """Metrics of the most probable class, and the confusion matrix of all classes."""
    view = choice_view(test)
    label, choice = view.label.astype(np.float64), view.choice.astype(np.float64)
    right, top = (label == choice).astype(np.float64), view.score.max(axis=1, initial=0.0)
    own = view.score[np.arange(view.label.size), view.label] if view.label.size else np.zeros(0)
    true = np.eye(len(test.spec.classes))[view.label]
    squared = ((view.score - true) ** 2).sum(axis=1)

    def of(metric: Metric, first: NDArray[np.float64], second: NDArray[np.float64]) -> Measured:
        return measure(metric, first, second, rows=view.rows, bootstrap=bootstrap)

    overall = {
        "accuracy": of(DECISION["accuracy"], label, choice),
        "nll": of(PROBABILITY["nll"], np.ones_like(own), own),
        "ece": of(PROBABILITY["ece"], right, top),
        "brier": of(MEAN, squared, squared),
    }
    return as_json(overall), confusion(label, choice, classes=len(test.spec.classes)).tolist()


def _regression(test: TaskPredictions, bootstrap: PatientBootstrap) -> Numbers:
    view = value_view(test)
    measured = {
        name: measure(metric, view.label, view.value, rows=view.rows, bootstrap=bootstrap)
        for name, metric in REGRESSION.items()
    }
    quartiles = np.quantile(view.label, [0.25, 0.5, 0.75]).tolist() if view.label.size else None
    metrics = as_json(measured)
    return {
        "n": int(view.label.size),
        "label_quartiles": quartiles,
        "metrics": metrics,
        "headline": {name: metrics[name] for name in HEADLINE_REGRESSION},
    }


def _survival(test: TaskPredictions, bootstrap: PatientBootstrap) -> Numbers:
    view = survival_view(test)
    parts = survival.brier_contributions(view.time, view.event, view.curve, view.edges)
    brier = Measured(None)
    if parts is not None:
        brier = measure(MEAN, parts, parts, rows=view.rows, bootstrap=bootstrap)
    metrics = as_json({"concordance_index": concordance(view, bootstrap), "integrated_brier": brier})
    headline = {"concordance_index": metrics["concordance_index"]}
    return {"n": int(view.time.size), "events": int(view.event.sum()), "metrics": metrics, "headline": headline}


def concordance(view: SurvivalView, bootstrap: PatientBootstrap) -> Measured:
    """Harrell's c of the restricted mean survival times."""
    risk = survival.risk_score(view.curve, view.edges)
    return Measured(
        survival.concordance_index(view.time, view.event, risk),
        bootstrap.replicates(view.rows, lambda w: resampled.concordance_index(view.time, view.event, risk, w)),
    )


def as_json(measured: Mapping[str, Measured]) -> Numbers:
    """Values with their intervals."""
    return {name: value.estimate.as_dict() for name, value in measured.items()}
