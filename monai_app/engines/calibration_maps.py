"""Maps from a model's probabilities to calibrated ones, fitted on tuning predictions of one classification task.

Temperature and vector scaling: Guo et al., ICML 2017; a scale and a bias on one logit: Platt 1999, with his smoothed
targets; isotonic regression: Zadrozny and Elkan, KDD 2002. No map turns the order of samples around; steps may tie it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax, logit, logsumexp, softmax
from sklearn.isotonic import IsotonicRegression

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.records import Record
from monai_app.engines.predictions import TaskPredictions
from monai_app.metrics.calibration import PROBABILITY_FLOOR
from monai_app.metrics.labels import Floats, both_classes, labelled

SCALE_RANGE = (0.05, 20.0)
"""Scales of a logit; a temperature is one over a scale. Beyond them tuning is separable and says nothing more."""

BIAS_RANGE = (-20.0, 20.0)
ONE_CLASS = "one class only on tuning"


class Method(StrEnum):
    """One temperature a task, a scale and a bias a label, or a monotone step function a label."""

    TEMPERATURE = "temperature"
    VECTOR = "vector"
    ISOTONIC = "isotonic"


class LabelMap(Record):
    """What happens to the probability of one label.

    Attributes:
        scale: of its logit.
        bias: on its logit.
        x: probabilities (G,) between which ``y`` is interpolated; empty for scale and bias.
        y: calibrated probabilities (G,).
        left_alone: why the probability stays as it is; None where it is mapped.
    """

    scale: float = 1.0
    bias: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    left_alone: str | None = None


class TaskMap(Record):
    """The maps of a task's labels by name, and the temperature behind their scales where there is one."""

    labels: dict[str, LabelMap]
    temperature: float | None = None

    @property
    def left_alone(self) -> list[str]:
        """Labels whose probabilities stay as they are."""
        return [name for name, label in self.labels.items() if label.left_alone is not None]


def label_names(spec: TaskSpec) -> tuple[str, ...]:
    """The labels of a classification task; a binary task's only one has the task's name."""
    return (spec.name,) if spec.kind is TaskKind.BINARY else spec.classes


def fit_task_map(task: TaskPredictions, method: Method) -> TaskMap:
    """Fit on the labelled samples of a binary, multilabel or multiclass task.

    Raises:
        AppError: ``SCORE_NOT_FINITE``.
    """
    return (_fit_choice if task.spec.kind is TaskKind.MULTICLASS else _fit_labels)(task, method)


def apply_task_map(score: Floats, spec: TaskSpec, fitted: TaskMap) -> Floats:
    """Calibrated probabilities (N, K); those that are left alone keep their bits, a score that is NaN stays NaN."""
    maps = [fitted.labels[name] for name in label_names(spec)]
    if all(label.left_alone is not None for label in maps):
        return score
    if spec.kind is not TaskKind.MULTICLASS:
        return np.stack([_mapped(score[:, k], label) for k, label in enumerate(maps)], axis=1)
    if not any(label.x for label in maps):
        scales, biases = (np.array([getattr(label, name) for label in maps]) for name in ("scale", "bias"))
        return np.asarray(softmax(scales * _log(score) + biases, axis=1))
    steps = np.stack([_mapped(score[:, k], label) for k, label in enumerate(maps)], axis=1)
    total = steps.sum(axis=1, keepdims=True)
    return np.divide(steps, total, out=score.copy(), where=total != 0)  # no step above zero: nothing to renormalise


def _mapped(score: Floats, label: LabelMap) -> Floats:
    if label.left_alone is not None:
        return score
    if label.x:
        return np.asarray(np.interp(score, label.x, label.y))
    return np.asarray(expit(label.scale * _logit(score) + label.bias))


def _fit_labels(task: TaskPredictions, method: Method) -> TaskMap:
    names = label_names(task.spec)
    known: dict[str, tuple[Floats, Floats]] = {}
    for k, name in enumerate(names):
        rows = labelled(task.label[:, k], task.score[:, k])
        if both_classes(task.label[rows, k]):
            known[name] = task.label[rows, k], task.score[rows, k]
    temperature = None
    if method is Method.TEMPERATURE and known:
        label, score = (np.concatenate(parts) for parts in zip(*known.values(), strict=True))
        logits = _logit(score)
        temperature = _temperature(lambda scale: _sigmoid_loss(scale * logits, label))
    fitted = {name: _label_map(*pair, method, temperature) for name, pair in known.items()}
    return _task_map(names, fitted, temperature)


def _label_map(label: Floats, score: Floats, method: Method, temperature: float | None) -> LabelMap:
    if method is Method.ISOTONIC:
        return _steps(label, score)
    if temperature is not None:
        return LabelMap(scale=1 / temperature)
    positives = label.sum()
    targets = np.where(label == 1, (positives + 1) / (positives + 2), 1 / (label.size - positives + 2))
    logits = _logit(score)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = parameters[0] * logits + parameters[1]
        residual = expit(z) - targets
        return _sigmoid_loss(z, targets), np.array([(residual * logits).mean(), residual.mean()])

    scale, bias = _minimum(loss, np.array([1.0, 0.0]), [SCALE_RANGE, BIAS_RANGE])
    return LabelMap(scale=float(scale), bias=float(bias))


def _fit_choice(task: TaskPredictions, method: Method) -> TaskMap:
    names = label_names(task.spec)
    rows = labelled(task.label, task.score)
    label, score = task.label[rows, 0].astype(np.int64), task.score[rows]
    present = np.unique(label)
    if present.size < 2:
        return _task_map(names, {}, None)
    logits = _log(score)
    if method is Method.TEMPERATURE:
        temperature = _temperature(lambda scale: _softmax_loss(scale * logits, label))
        return _task_map(names, dict.fromkeys(names, LabelMap(scale=1 / temperature)), temperature)
    if method is Method.ISOTONIC:
        steps = {names[k]: _steps((label == k).astype(np.float64), score[:, k]) for k in present}
        return _task_map(names, steps, None)
    classes = len(names)
    true = np.eye(classes)[label]

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = parameters[:classes] * logits + parameters[classes:]
        residual = np.exp(log_softmax(z, axis=1)) - true
        gradient = np.concatenate([(residual * logits).mean(axis=0), residual.mean(axis=0)])
        return _softmax_loss(z, label), gradient

    scales = [SCALE_RANGE if k in present else (1.0, 1.0) for k in range(classes)]
    biases = [BIAS_RANGE if k in present else (0.0, 0.0) for k in range(classes)]
    found = _minimum(loss, np.repeat([1.0, 0.0], classes), [*scales, *biases])
    fitted = {names[k]: LabelMap(scale=float(found[k]), bias=float(found[classes + k])) for k in present}
    return _task_map(names, fitted, None)


def _task_map(names: tuple[str, ...], fitted: Mapping[str, LabelMap], temperature: float | None) -> TaskMap:
    alone = LabelMap(left_alone=ONE_CLASS)
    return TaskMap(labels={name: fitted.get(name, alone) for name in names}, temperature=temperature)


def _steps(label: Floats, score: Floats) -> LabelMap:
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, label)
    return LabelMap(x=tuple(fitted.X_thresholds_.tolist()), y=tuple(fitted.y_thresholds_.tolist()))


def _temperature(loss: Callable[[float], float]) -> float:
    """The loss is convex in the scale, so that its only minimum is found on the logarithm of the scale too."""
    limits = np.log(SCALE_RANGE)
    found = minimize_scalar(
        lambda log_scale: loss(float(np.exp(log_scale))), bounds=limits, method="bounded", options={"xatol": 1e-7}
    )
    return float(np.exp(-found.x))


def _minimum(
    loss: Callable[[Floats], tuple[float, Floats]], start: Floats, bounds: list[tuple[float, float]]
) -> Floats:
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    )
    return np.asarray(found.x, dtype=np.float64)


def _sigmoid_loss(logits: Floats, target: Floats) -> float:
    return float((np.logaddexp(0, logits) - target * logits).mean())


def _softmax_loss(logits: Floats, label: np.ndarray) -> float:
    return float((logsumexp(logits, axis=1) - logits[np.arange(label.size), label]).mean())


def _logit(probability: Floats) -> Floats:
    return np.asarray(logit(np.clip(probability, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)))


def _log(probability: Floats) -> Floats:
    return np.log(np.maximum(probability, PROBABILITY_FLOOR))
