"""What is measured of a task: each class as a binary label, score and decision on the samples that are labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.engines.predictions import TaskPredictions
from monai_app.metrics.labels import Floats, labelled
from monai_app.metrics.thresholds import FIXED_THRESHOLD, Threshold, ThresholdOrigin, f1_optimal_threshold

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class ClassView:
    """One class of a task on its n labelled samples.

    Attributes:
        name: the class; a binary task's only class has the task's name.
        rows: which samples, (n,) indices.
        label: (n,) in {0, 1}.
        score: (n,) probabilities.
        decision: (n,) in {0, 1}.
        threshold: None for a multiclass task, where the most probable class is decided.
    """

    name: str
    rows: Rows
    label: Floats
    score: Floats
    decision: Floats
    threshold: Threshold | None

    @property
    def positives(self) -> int:
        """Number of positive labels."""
        return int(self.label.sum())

    @property
    def prevalence(self) -> float | None:
        """Share of positive labels; None without labels."""
        return float(self.label.mean()) if self.label.size else None

    def within(self, members: NDArray[np.bool_]) -> ClassView:
        """The view of a subgroup given as a mask over all samples (N,)."""
        kept = members[self.rows]
        return ClassView(
            self.name, self.rows[kept], self.label[kept], self.score[kept], self.decision[kept], self.threshold
        )


@dataclass(frozen=True)
class ChoiceView:
    """A multiclass task on its n labelled samples: (n,) true and most probable class index, (n, K) probabilities."""

    rows: Rows
    label: NDArray[np.int64]
    choice: NDArray[np.int64]
    score: Floats


def class_views(test: TaskPredictions, tuning: TaskPredictions | None) -> list[ClassView]:
    """The classes of a binary, multilabel or multiclass task, with thresholds chosen on tuning."""
    spec = test.spec
    if spec.kind is TaskKind.MULTICLASS:
        choice = choice_view(test)
        return [
            ClassView(
                name,
                choice.rows,
                (choice.label == index).astype(np.float64),
                choice.score[:, index],
                (choice.choice == index).astype(np.float64),
                None,
            )
            for index, name in enumerate(spec.classes)
        ]
    names = spec.classes if spec.kind is TaskKind.MULTILABEL else (spec.name,)
    return [_binary_view(test, tuning, index, name) for index, name in enumerate(names)]


def _binary_view(test: TaskPredictions, tuning: TaskPredictions | None, index: int, name: str) -> ClassView:
    threshold = _threshold(tuning, index)
    rows = np.flatnonzero(labelled(test.label[:, index], test.score[:, index]))
    score = test.score[rows, index]
    return ClassView(name, rows, test.label[rows, index], score, threshold.decide(score), threshold)


def _threshold(tuning: TaskPredictions | None, index: int) -> Threshold:
    if tuning is None:
        return Threshold(FIXED_THRESHOLD, ThresholdOrigin.FIXED)
    known = labelled(tuning.label[:, index], tuning.score[:, index])
    return f1_optimal_threshold(tuning.label[known, index], tuning.score[known, index])


def choice_view(test: TaskPredictions) -> ChoiceView:
    """A multiclass task's labelled samples."""
    rows = np.flatnonzero(labelled(test.label, test.score))
    score = test.score[rows]
    return ChoiceView(rows, test.label[rows, 0].astype(np.int64), score.argmax(axis=1), score)


@dataclass(frozen=True)
class ValueView:
    """A regression task on its n labelled samples: true and predicted values (n,), in the task's unit."""

    rows: Rows
    label: Floats
    value: Floats


def value_view(test: TaskPredictions) -> ValueView:
    """A regression task's labelled samples."""
    rows = np.flatnonzero(labelled(test.label, test.score))
    return ValueView(rows, test.label[rows, 0], test.score[rows, 0])


@dataclass(frozen=True)
class SurvivalView:
    """A survival task on its n labelled samples.

    Attributes:
        rows: which samples, (n,).
        time: (n,) in the task's unit.
        event: (n,) whether the event happened then; otherwise the sample is censored then.
        curve: (n, K) probability of being event-free at each bin edge.
        edges: (K,).
    """

    rows: Rows
    time: Floats
    event: NDArray[np.bool_]
    curve: Floats
    edges: Floats


def survival_view(test: TaskPredictions) -> SurvivalView:
    """A survival task's labelled samples."""
    rows = np.flatnonzero(labelled(test.label, test.score))
    edges = np.asarray(test.spec.bin_edges, dtype=np.float64)
    return SurvivalView(rows, test.label[rows, 0], test.label[rows, 1] > 0.5, test.score[rows], edges)


def is_classification(spec: TaskSpec) -> bool:
    """Whether a task is measured class by class."""
    return spec.kind in (TaskKind.BINARY, TaskKind.MULTILABEL, TaskKind.MULTICLASS)
