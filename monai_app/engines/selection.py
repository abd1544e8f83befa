"""Decisions with their confidence: what a model abstains from first, and what abstaining gains.

The confidence of a decision is the probability that the model itself gives to its being right: p where a label is
decided positive, 1 - p where negative, the highest probability of a multiclass task. At a threshold of one half that is
the usual maximum; at a lower one positive decisions of small probability are the first to be abstained from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.engines.measurement import Numbers, as_json
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.views import Rows, choice_view, class_views
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.estimates import MEAN, SELECTIVE, Measured, measure
from monai_app.metrics.labels import Floats
from monai_app.metrics.thresholds import Threshold


@dataclass(frozen=True)
class DecisionView:
    """One kind of decision of a task on its n labelled samples.

    Attributes:
        name: the class that is decided on; the task's name where there is one decision a sample.
        rows: which samples, (n,) indices.
        wrong: (n,) in {0, 1}.
        confidence: (n,) in [0, 1].
        positive: (n,) in {0, 1}, the label; None for a multiclass task.
        threshold: of the decision; None for a multiclass task, where the most probable class is decided.
        kept: (n,) bool; None where nothing was abstained from.
    """

    name: str
    rows: Rows
    wrong: Floats
    confidence: Floats
    positive: Floats | None
    threshold: Threshold | None
    kept: np.ndarray | None


def decision_confidence(score: Floats, spec: TaskSpec, thresholds: list[float | None]) -> Floats:
    """Confidence of every decision, (N, labels) or (N, 1) of a multiclass task, from probabilities (N, K)."""
    if spec.kind is TaskKind.MULTICLASS:
        return score.max(axis=1, keepdims=True)
    return np.where(score >= np.array(thresholds, dtype=np.float64), score, 1 - score)


def decision_views(test: TaskPredictions, tuning: TaskPredictions | None) -> list[DecisionView]:
    """The decisions of a classification task, with thresholds chosen on tuning."""
    abstained = test.abstained
    if test.spec.kind is TaskKind.MULTICLASS:
        choice = choice_view(test)
        wrong = (choice.choice != choice.label).astype(np.float64)
        kept = None if abstained is None else ~abstained[choice.rows, 0]
        confidence = decision_confidence(choice.score, test.spec, [])[:, 0]
        return [DecisionView(test.spec.name, choice.rows, wrong, confidence, None, None, kept)]
    views = []
    for k, view in enumerate(class_views(test, tuning)):
        wrong = (view.label != view.decision).astype(np.float64)
        confidence = np.where(view.decision == 1, view.score, 1 - view.score)
        kept = None if abstained is None else ~abstained[view.rows, k]
        views.append(DecisionView(view.name, view.rows, wrong, confidence, view.label, view.threshold, kept))
    return views


def measure_selection(
    test: TaskPredictions, tuning: TaskPredictions | None, bootstrap: PatientBootstrap
) -> dict[str, Numbers]:
    """Per decision of a classification task its error rate, AURC, E-AURC; with abstention coverage and what is left."""
    return {view.name: _measured(view, bootstrap) for view in decision_views(test, tuning)}


def _measured(view: DecisionView, bootstrap: PatientBootstrap) -> Numbers:
    def mean(values: Floats, rows: Rows) -> Measured:
        return measure(MEAN, values, values, rows=rows, bootstrap=bootstrap)

    measured = {"error_rate": mean(view.wrong, view.rows)}
    for name, metric in SELECTIVE.items():
        measured[name] = measure(metric, view.wrong, view.confidence, rows=view.rows, bootstrap=bootstrap)
    if view.kept is None:
        return {"n": int(view.wrong.size), **as_json(measured)}
    measured["coverage"] = mean(view.kept.astype(np.float64), view.rows)
    measured["error_rate_kept"] = mean(view.wrong[view.kept], view.rows[view.kept])
    counts: Numbers = {"n": int(view.wrong.size), "kept": int(view.kept.sum())}
    if view.positive is not None:
        counts |= {"positives": int(view.positive.sum()), "positives_kept": int(view.positive[view.kept].sum())}
    return {**counts, **as_json(measured)}
