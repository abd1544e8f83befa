"""Gradient-boosted trees (LightGBM) for each kind of task: what is fitted, and how raw scores become predictions.

Binary: log loss. Multilabel: one binary model a class. Multiclass: softmax. Regression: squared error. Survival:
discrete-time hazards by log loss on person-intervals (Gensheimer and Narasimhan, PeerJ 2019), the interval being a
feature. Several models with other seeds are bagged by averaging raw scores. Besides, a forest of extremely
randomised trees (Geurts et al., Machine Learning 63:3, 2006) and boosting with their random thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.core.random import derive_seed

Floats = NDArray[np.float64]
Features = NDArray[np.float32]
Rows = NDArray[np.int64]
_BINS = 63


@dataclass(frozen=True)
class BoostingSettings:
    """How trees are grown.

    Attributes:
        seeds: models that are bagged.
        rounds: trees a model at most.
        patience: rounds without a better tuning loss that are endured, after which the best number of trees is kept;
            None grows all rounds.
        learning_rate: shrinkage of each tree.
        leaves: of a tree at most.
        depth: of a tree at most.
        min_leaf: samples a leaf at least, and never more than a fortieth of the samples.
        random_thresholds: whether a split's threshold is drawn instead of searched.
        features_per_tree: columns drawn for each tree.
        rows_per_tree: share of samples drawn for each tree.
        l2: penalty on leaf values.
        folds: of the cross-validation that chooses rounds and weights of a committee.
        forest_trees: trees of a forest.
        threads: 0 takes all cores; the trees do not depend on it.
    """

    seeds: int = 3
    rounds: int = 1500
    patience: int | None = 150
    learning_rate: float = 0.02
    leaves: int = 12
    depth: int = 5
    min_leaf: int = 30
    random_thresholds: bool = False
    features_per_tree: int = 200
    rows_per_tree: float = 0.7
    l2: float = 10.0
    folds: int = 5
    forest_trees: int = 200
    threads: int = 0

    def parameters(self, objective: dict[str, Any], *, samples: int, columns: int, seed: int) -> dict[str, Any]:
        """LightGBM's parameters."""
        return {
            **objective,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "max_depth": self.depth,
            "min_data_in_leaf": max(3, min(self.min_leaf, samples // 40)),
            "feature_fraction": min(0.8, self.features_per_tree / max(1, columns)),
            "bagging_fraction": self.rows_per_tree,
            "bagging_freq": 1,
            "lambda_l2": self.l2,
            "extra_trees": self.random_thresholds,
            "max_bin": _BINS,
            "num_threads": self.threads,
            "seed": seed,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }

    def forest_parameters(self, *, columns: int, seed: int) -> dict[str, Any]:
        """LightGBM's parameters of a forest of binary labels: deeper trees of fewer columns each."""
        changed = {
            "boosting": "rf",
            "extra_trees": True,
            "num_leaves": 32,
            "max_depth": -1,
            "min_data_in_leaf": 5,
            "feature_fraction": min(1.0, max(0.05, columns**-0.5)),
            "bagging_fraction": 0.632,
            "lambda_l2": 0.0,
        }
        return self.parameters(dict(_OBJECTIVES[TaskKind.BINARY]), samples=1, columns=columns, seed=seed) | changed


@dataclass(frozen=True)
class Part:
    """One target of a task: bagged models, or a constant raw score where training labels had one class only.

    Attributes:
        models: whose raw scores are averaged.
        constant: instead of models.
        averages: whether a model's trees are averaged, as in a forest; LightGBM's raw score is their sum.
    """

    models: tuple[lightgbm.Booster, ...] = ()
    constant: float | None = None
    averages: bool = False

    def raw(self, features: Features) -> Floats:
        """Mean raw score (N,) or (N, classes)."""
        if self.constant is not None:
            return np.full(features.shape[0], self.constant)
        scores = [
            np.asarray(model.predict(features, raw_score=True)) / (model.current_iteration() if self.averages else 1)
            for model in self.models
        ]
        return np.asarray(np.mean(scores, axis=0))


def fit_task(
    task: TaskSpec,
    train: tuple[Features, Floats],
    tuning: tuple[Features, Floats] | None,
    settings: BoostingSettings,
    *,
    seed: int,
    rounds: Sequence[int] | None = None,
) -> list[Part]:
    """Fit all parts of a task.

    Args:
        task: what to learn.
        train: features (N, F) and labels (N, K'), NaN where unlabelled.
        tuning: likewise, for the number of trees; None takes ``rounds``.
        settings: how trees are grown.
        seed: of everything random.
        rounds: trees of each part where there is no tuning data.

    Raises:
        InputRejected: ``NO_LABELS`` when a task has no label at all.
    """
    parts = []
    for index, (x, y) in enumerate(_targets(task, *train)):
        _check_labels(task, y)
        if task.kind is not TaskKind.REGRESSION and np.unique(y).size < 2:
            parts.append(Part(constant=prior(y)))
            continue
        valid = None if tuning is None else _targets(task, *tuning)[index]
        limit = settings.rounds if rounds is None else rounds[index]
        parts.append(_fit_part(task, (x, y), valid, settings, seed=derive_seed(seed, task.name, index), rounds=limit))
    return parts


def boosted_folds(
    features: Features, label: Floats, folds: Sequence[tuple[Rows, Rows]], settings: BoostingSettings, *, seed: int
) -> tuple[int, Floats]:
    """Boosting of a binary label in cross-validation.

    Args:
        features: (N, F).
        label: (N,).
        folds: train and test rows.
        settings: how trees are grown.
        seed: of everything random.

    Returns:
        The rounds of the lowest mean loss over the folds, and raw scores (N,) from models that did not see the sample.
    """
    objective = dict(_OBJECTIVES[TaskKind.BINARY])
    parameters = settings.parameters(
        objective, samples=min(rows.size for rows, _ in folds), columns=features.shape[1], seed=seed % 2**31
    )
    grown = lightgbm.cv(
        parameters,
        lightgbm.Dataset(features, label, params={"max_bin": _BINS, "verbosity": -1}, free_raw_data=False),
        settings.rounds,
        folds=list(folds),
        callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)] if settings.patience else None,
        return_cvbooster=True,
    )
    rounds = next(len(curve) for curve in grown.values() if isinstance(curve, list))
    models = grown["cvbooster"]
    assert isinstance(models, lightgbm.CVBooster), "cv was told to return its models"
    scores = np.full(label.shape, np.nan)
    for booster, (_, test) in zip(models.boosters, folds, strict=True):
        scores[test] = booster.predict(features[test], raw_score=True, num_iteration=rounds)
    return rounds, scores


def fit_forest(features: Features, label: Floats, settings: BoostingSettings, *, seed: int) -> Part:
    """A forest on features (N, F) and binary labels (N,), both classes present."""
    parameters = settings.forest_parameters(columns=features.shape[1], seed=seed % 2**31)
    data = lightgbm.Dataset(features, label, params={"max_bin": _BINS, "verbosity": -1})
    grown = lightgbm.train(parameters, data, settings.forest_trees)
    return Part(models=(lightgbm.Booster(model_str=grown.model_to_string()),), averages=True)


def predict_task(task: TaskSpec, parts: Sequence[Part], features: Features) -> Floats:
    """Scores (N, K) as :class:`monai_app.engines.predictions.TaskPredictions` wants them."""
    if task.kind is TaskKind.MULTICLASS:
        return np.asarray(softmax(parts[0].raw(features), axis=1))
    if task.kind is TaskKind.SURVIVAL:
        hazard = expit(np.stack([parts[0].raw(_at_interval(features, k)) for k in range(task.outputs)], axis=1))
        return np.cumprod(1 - hazard, axis=1)
    raw = np.stack([part.raw(features) for part in parts], axis=1)
    return raw if task.kind is TaskKind.REGRESSION else np.asarray(expit(raw))


def rounds_of(parts: Sequence[Part]) -> list[int]:
    """Rounds of each part, averaged over its seeds; 0 for a constant. A multiclass round grows a tree a class."""
    return [
        round(float(np.mean([model.current_iteration() for model in part.models]))) if part.models else 0
        for part in parts
    ]


def _check_labels(task: TaskSpec, y: Floats) -> None:
    if not y.size:
        raise InputRejected(
            "NO_LABELS",
            f"task {task.name} has a target without any training label",
            got="0 labels",
            expected="labels in the train split",
            remedy="Leave the task out.",
        )
    if task.kind is TaskKind.MULTICLASS and np.unique(y).size < 2:
        raise InputRejected(
            "ONE_CLASS", f"task {task.name} has one class in training", got="1 class", expected="two or more classes"
        )


def prior(y: Floats) -> float:
    """The smoothed log odds of a label that never varied: (positives + 1/2) / (negatives + 1/2)."""
    return float(np.log((y.sum() + 0.5) / ((1 - y).sum() + 0.5)))


def _at_interval(features: Features, interval: int) -> Features:
    column = np.full((features.shape[0], 1), interval, dtype=np.float32)
    return np.concatenate([features, column], axis=1)


def _targets(task: TaskSpec, features: Features, label: Floats) -> list[tuple[Features, Floats]]:
    """Features and target of each part, unlabelled samples left out."""
    if task.kind is TaskKind.SURVIVAL:
        return [_person_intervals(features, label, np.asarray(task.bin_edges))]
    known = ~np.isnan(label)
    return [(features[known[:, k]], label[known[:, k], k]) for k in range(label.shape[1])]


def _person_intervals(features: Features, label: Floats, edges: Floats) -> tuple[Features, Floats]:
    """A row for each interval a sample was at risk in, as :mod:`monai_app.losses.survival` counts them."""
    rows = ~np.isnan(label).any(axis=1)
    features, time, event = features[rows], label[rows, :1], label[rows, 1:] > 0.5
    lower = np.concatenate([[0.0], edges[:-1]])
    inside = (time > lower) & (time <= edges)
    inside[:, 0] |= time[:, 0] <= 0
    happened = inside & event
    at_risk = (edges <= time) | happened
    parts = [_at_interval(features[at_risk[:, k]], k) for k in range(edges.size)]
    return np.concatenate(parts), np.concatenate([happened[at_risk[:, k], k] for k in range(edges.size)]).astype(float)


_OBJECTIVES: dict[TaskKind, dict[str, Any]] = {
    TaskKind.BINARY: {"objective": "binary", "metric": "binary_logloss"},
    TaskKind.MULTILABEL: {"objective": "binary", "metric": "binary_logloss"},
    TaskKind.SURVIVAL: {"objective": "binary", "metric": "binary_logloss"},
    TaskKind.MULTICLASS: {"objective": "multiclass", "metric": "multi_logloss"},
    TaskKind.REGRESSION: {"objective": "regression", "metric": "l2"},
}


def _fit_part(
    task: TaskSpec,
    train: tuple[Features, Floats],
    valid: tuple[Features, Floats] | None,
    settings: BoostingSettings,
    *,
    seed: int,
    rounds: int,
) -> Part:
    objective = dict(_OBJECTIVES[task.kind])
    if task.kind is TaskKind.MULTICLASS:
        objective["num_class"] = task.outputs
    held = valid if valid is not None and valid[1].size and settings.patience is not None else None
    data = lightgbm.Dataset(*train, params={"max_bin": _BINS, "verbosity": -1}, free_raw_data=False)
    models = []
    for bag in range(settings.seeds):
        parameters = settings.parameters(
            objective, samples=train[1].size, columns=train[0].shape[1], seed=derive_seed(seed, bag) % 2**31
        )
        booster = lightgbm.train(
            parameters,
            data,
            max(1, rounds),
            valid_sets=[lightgbm.Dataset(*held, reference=data)] if held else None,
            callbacks=[lightgbm.early_stopping(settings.patience or 1, verbose=False)] if held else None,
        )
        kept = booster.best_iteration if held else -1
        models.append(lightgbm.Booster(model_str=booster.model_to_string(num_iteration=kept)))
    return Part(models=tuple(models))
