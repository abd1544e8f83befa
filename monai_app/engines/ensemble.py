"""Deep network and boosted trees together: a fixed weight a task on their logits, chosen on tuning.

Logits are averaged, not probabilities, so that two models that agree stay as certain as they are. The weight is one
number a task, as more would be fitted to the tuning split rather than to the disease.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, logit

from monai_app.cohort.spec import ModelSpec, TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_checked_bytes, write_checked_text
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.model_folder import load_model
from monai_app.engines.predictions import Predictions, TaskPredictions
from monai_app.engines.trees import tuning_predictions
from monai_app.losses.survival import survival_loss

logger = logging.getLogger(__name__)
FORMAT = "monai-app-ensemble-1"
RECORD_NAME = "ensemble.json"
WEIGHT_STEP = 0.05
"""Weights are tried in these steps between 0 and 1."""

_FLOOR = 1e-7
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ensemble:
    """How two models are averaged.

    Attributes:
        second_weight: per task the share of the second model, in [0, 1].
    """

    second_weight: Mapping[str, float]

    def combine(self, first: Predictions, second: Predictions) -> Predictions:
        """The weighted mean of two predictions of the same samples, in the order of the first.

        Raises:
            InputRejected: ``SAMPLES_DIFFER``, ``TASK_UNKNOWN``.
        """
        aligned = second.take(_matching_rows(first, second))
        tasks = {}
        for name, task in first.tasks.items():
            if name not in self.second_weight or name not in aligned.tasks:
                raise InputRejected(
                    "TASK_UNKNOWN",
                    "the ensemble was not fitted for a task",
                    got=name,
                    expected=list(self.second_weight),
                )
            scores = (task.score, aligned.tasks[name].score)
            tasks[name] = replace(task, score=_blend(task.spec, *scores, self.second_weight[name]))
        return replace(first, tasks=tasks)

    def write(self, folder: str | Path) -> None:
        """Write ``ensemble.json`` with its SHA-256 beside the weights of both models."""
        record = {"format": FORMAT, "members": ["network", "trees"], "second_weight": dict(self.second_weight)}
        write_checked_text(Path(folder) / RECORD_NAME, json.dumps(record, indent=1, sort_keys=True) + "\n")

    @classmethod
    def read(cls, folder: str | Path) -> Ensemble:
        """What :meth:`write` wrote.

        Raises:
            InputRejected: ``FILE_NOT_FOUND``, ``HASH_MISSING``, ``HASH_MISMATCH``.
        """
        record = json.loads(read_checked_bytes(Path(folder) / RECORD_NAME))
        return cls({name: float(weight) for name, weight in record["second_weight"].items()})


def choose_weights(first: Predictions, second: Predictions) -> Ensemble:
    """The weight of each task that has the lowest loss on these (tuning) predictions; an equal mean on a tie.

    The loss is the negative log-likelihood; for regression the squared error.

    Raises:
        InputRejected: ``SAMPLES_DIFFER``; ``NO_LABELS`` for a task without a label.
    """
    aligned = second.take(_matching_rows(first, second))
    weights = {}
    for name, task in first.tasks.items():
        if np.isnan(task.label).all():
            raise InputRejected(
                "NO_LABELS", f"task {name} has no label to choose a weight on", expected="tuning labels"
            )
        steps = np.linspace(0, 1, round(1 / WEIGHT_STEP) + 1)
        scores = (task.score, aligned.tasks[name].score)
        losses = np.array([_loss(replace(task, score=_blend(task.spec, *scores, float(step)))) for step in steps])
        best = steps[np.isclose(losses, losses.min(), rtol=1e-9, atol=0)]
        weights[name] = round(float(best[np.argmin(np.abs(best - 0.5))]), 6)
        logger.info("weight of the trees %.2f for task %s", weights[name], name)
    return Ensemble(weights)


def fit_ensemble(evaluator: MultimodalEvaluator, spec: ModelSpec, folder: str | Path) -> Ensemble:
    """The last step of training network and trees in one folder: choose the weights on tuning and write them.

    Args:
        evaluator: over the tuning split; its network receives the folder's weights.
        spec: of the model.
        folder: the model folder, with the trees' tuning predictions.

    Raises:
        InputRejected: ``TREES_MISSING``; as :func:`choose_weights`.
    """
    load_model(evaluator.network, folder)
    chosen = choose_weights(evaluator.predict(spec), _trees_on_tuning(folder))
    chosen.write(folder)
    return chosen


def blended(first: Predictions, second: Predictions, folder: str | Path) -> Predictions:
    """Network and trees averaged with the weights of a model folder."""
    return Ensemble.read(folder).combine(first, second)


def blended_tuning(first: Predictions, folder: str | Path) -> Predictions:
    """Likewise on the tuning samples, where the trees' predictions were kept from before they saw them.

    Raises:
        InputRejected: ``TREES_MISSING``.
    """
    return blended(first, _trees_on_tuning(folder), folder)


def _trees_on_tuning(folder: str | Path) -> Predictions:
    trees = tuning_predictions(folder)
    if trees is None:
        raise InputRejected(
            "TREES_MISSING",
            "the folder has no tuning predictions of trees",
            expected="trees trained into the same folder",
            remedy="Train with the ensemble overlay; a shipped model is evaluated with tuning_predictions: null.",
        )
    return trees


def _matching_rows(first: Predictions, second: Predictions) -> NDArray[np.int64]:
    """For each sample of the first its row in the second."""
    keys = [list(zip(p.subject_id.tolist(), p.prediction_time.tolist(), strict=True)) for p in (first, second)]
    place = {key: row for row, key in enumerate(keys[1])}
    if len(place) != len(keys[1]) or set(keys[0]) != set(place) or len(keys[0]) != len(keys[1]):
        raise InputRejected(
            "SAMPLES_DIFFER",
            "two models did not predict the same samples",
            got=f"{len(keys[0])} and {len(keys[1])} samples, {len(set(keys[0]) & set(place))} in common",
            expected="the same subjects and prediction times",
            remedy="Predict both on the same split of the same cohort.",
        )
    return np.array([place[key] for key in keys[0]], dtype=np.int64)


def _blend(spec: TaskSpec, first: Floats, second: Floats, weight: float) -> Floats:
    """Scores (N, K) of the weighted mean of what the models add up inside: logits, log-probabilities or values."""
    if weight in (0.0, 1.0):  # a model alone is itself to the last bit
        return second if weight else first
    if spec.kind is TaskKind.REGRESSION:
        return (1 - weight) * first + weight * second
    if spec.kind is TaskKind.MULTICLASS:
        mixed = (1 - weight) * np.log(np.maximum(first, _FLOOR)) + weight * np.log(np.maximum(second, _FLOOR))
        return np.exp(log_softmax(mixed, axis=1))
    if spec.kind is TaskKind.SURVIVAL:
        hazard = expit((1 - weight) * _logit(_hazards(first)) + weight * _logit(_hazards(second)))
        return np.cumprod(1 - hazard, axis=1)
    return np.asarray(expit((1 - weight) * _logit(first) + weight * _logit(second)))


def _logit(probability: Floats) -> Floats:
    return np.asarray(logit(np.clip(probability, _FLOOR, 1 - _FLOOR)))


def _hazards(curve: Floats) -> Floats:
    before = np.concatenate([np.ones((curve.shape[0], 1)), curve[:, :-1]], axis=1)
    return 1 - curve / np.maximum(before, _FLOOR)


def _loss(task: TaskPredictions) -> float:
    """Mean loss over everything labelled."""
    if task.spec.kind is TaskKind.REGRESSION:
        return float(np.nanmean((task.score - task.label) ** 2))
    if task.spec.kind is TaskKind.SURVIVAL:
        return _survival_loss(task)
    if task.spec.kind is TaskKind.MULTICLASS:
        known = ~np.isnan(task.label[:, 0])
        chosen = task.score[known, task.label[known, 0].astype(int)]
        return float(-np.log(np.maximum(chosen, _FLOOR)).mean())
    known = ~np.isnan(task.label)
    score, label = np.clip(task.score[known], _FLOOR, 1 - _FLOOR), task.label[known]
    return float(-np.where(label == 1, np.log(score), np.log1p(-score)).mean())


def _survival_loss(task: TaskPredictions) -> float:
    """The negative log-likelihood of :mod:`monai_app.losses.survival`, from survival curves."""
    known = ~np.isnan(task.label).any(axis=1)
    hazard = np.clip(_hazards(task.score[known]), _FLOOR, 1 - _FLOOR)
    label = torch.from_numpy(task.label[known])
    edges = torch.tensor(task.spec.bin_edges, dtype=torch.float64)
    return float(survival_loss(torch.from_numpy(logit(hazard)), label, edges).mean())
