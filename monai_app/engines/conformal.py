"""Conformal prediction sets of given probabilities, by MAPIE: as many classes as are needed to hold the true one.

Least ambiguous set-valued classifiers: Sadinle, Lei and Wasserman, JASA 2019. The level holds on average over samples
that are exchangeable with the tuning ones: not for each class or patient, and only approximately where a patient has
several samples or where a calibration was fitted on the same tuning samples. A set may be empty.
"""

from __future__ import annotations

import logging
import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from monai_app.cohort.spec import TaskKind
from monai_app.core.errors import AppError, InputRejected
from monai_app.engines.predictions import TaskPredictions
from monai_app.metrics.labels import Floats, labelled

logger = logging.getLogger(__name__)


class _Given(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier whose inputs are its probabilities (N, C)."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.classes_ = np.arange(classes)
        self.n_features_in_ = classes
        self.is_fitted_ = True

    def fit(self, probabilities: Floats, label: Any = None) -> _Given:
        """Nothing to fit."""
        return self

    def predict_proba(self, probabilities: Floats) -> Floats:
        """The inputs."""
        return probabilities

    def predict(self, probabilities: Floats) -> NDArray[np.int64]:
        """The most probable class."""
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)


def conformal_sets(tuning: TaskPredictions, test: TaskPredictions, *, level: float = 0.9) -> NDArray[np.bool_]:
    """Which classes stand in the set of each test sample, labelled or not.

    Args:
        tuning: predictions of a binary or multiclass task that the sets are fitted on; unlabelled samples do not count.
        test: of the same task, N samples.
        level: share of samples whose set holds the true class, in (0, 1).

    Returns:
        (N, C): the classes of a multiclass task, or (negative, positive).

    Raises:
        InputRejected: ``EXTRA_MISSING``; ``TASK_NOT_CONFORMAL`` for another kind of task; ``LEVEL_INVALID``;
            ``TUNING_TOO_SMALL`` for fewer labelled samples than the level needs.
        AppError: ``SCORE_NOT_FINITE``.
    """
    rows = labelled(tuning.label, tuning.score)
    _check(tuning, test, int(rows.sum()), level)
    from mapie.classification import SplitConformalClassifier  # an optional extra

    known, asked = _probabilities(tuning)[rows], _probabilities(test)
    fitted = SplitConformalClassifier(_Given(known.shape[1]), confidence_level=level, prefit=True)
    label = tuning.label[rows, 0].astype(np.int64)
    absent = known.shape[1] - np.unique(label).size
    if absent:
        logger.warning("task %s: %d classes have no tuning sample", test.spec.name, absent)
    with warnings.catch_warnings():  # MAPIE's own words on absent classes
        warnings.filterwarnings("ignore", message=".*conformalization dataset has less labels", category=UserWarning)
        fitted.conformalize(known, label)
    if not len(asked):
        return np.zeros(asked.shape, dtype=bool)
    return np.asarray(fitted.predict_set(asked)[1][:, :, 0], dtype=bool)


def _probabilities(task: TaskPredictions) -> Floats:
    """(N, C) that sum to one."""
    if task.spec.kind is TaskKind.BINARY:
        return np.concatenate([1 - task.score, task.score], axis=1)
    return task.score / task.score.sum(axis=1, keepdims=True)


def _check(tuning: TaskPredictions, test: TaskPredictions, known: int, level: float) -> None:
    if find_spec("mapie") is None:
        raise InputRejected(
            "EXTRA_MISSING", "MAPIE is not installed", remedy="Install it: pip install 'monai-app[conformal]'."
        )
    if tuning.spec != test.spec or test.spec.kind not in (TaskKind.BINARY, TaskKind.MULTICLASS):
        raise InputRejected(
            "TASK_NOT_CONFORMAL",
            "there are no conformal sets of a task",
            got=f"{tuning.spec.kind.value} on tuning, {test.spec.kind.value} on test",
            expected="the same binary or multiclass task",
        )
    if not 0 < level < 1:
        raise InputRejected("LEVEL_INVALID", "a level is not a share", got=level, expected="in (0, 1)")
    least = max(1 / level, 1 / (1 - level))
    if known < least:
        raise InputRejected(
            "TUNING_TOO_SMALL",
            f"too few labelled tuning samples for a level of {level:g}",
            got=known,
            expected=f"at least {int(np.ceil(least - 1e-9))}",
        )
    if not np.isfinite(test.score).all():
        raise AppError("SCORE_NOT_FINITE", "a model gave scores that are not finite", expected="finite scores")
