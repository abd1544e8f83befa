"""A committee of models for one task: boosted trees, random trees and logistic regressions, their raw scores added up.

Binary and multilabel tasks get all members: boosted trees, with searched and with random thresholds; a forest of
extremely randomised trees; logistic regression on all features; logistic regression on the terms of notes, where many
rare phrases of small weight count. Multiclass tasks, regression and survival get boosted trees alone.

The rounds of boosting and the members' weights come from cross-validation by patient on all samples given, as early
stopping on a small tuning split follows its noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from scipy.special import expit
from sklearn.model_selection import StratifiedGroupKFold

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.random import derive_seed
from monai_app.engines.boosting import (
    BoostingSettings,
    Features,
    Floats,
    Part,
    Rows,
    boosted_folds,
    fit_forest,
    fit_task,
    predict_task,
    prior,
)
from monai_app.engines.linear import LinearPart
from monai_app.engines.stacking import stacking_weights

TABLE_PENALTY, TERMS_PENALTY = 1e-3, 3.0
"""Inverse penalties of the logistic regressions on the feature table and on the terms of notes."""
FEWEST_CASES = 10
"""Of the rarer class, below which a target is left out of cross-validation and gets the median rounds of the others."""
_USUAL_ROUNDS = 50
_BOOSTED = ("trees", "random_thresholds")
FOREST = "forest"


@dataclass(frozen=True)
class Inputs:
    """What members read.

    Attributes:
        table: features (N, F), NaN where missing.
        terms: TF-IDF of notes (N, V), None without notes.
    """

    table: Features
    terms: csr_matrix | None = None

    def rows(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Inputs:
        """Some of the samples."""
        return Inputs(self.table[chosen], None if self.terms is None else self.terms[chosen])


def joined(first: Inputs, second: Inputs) -> Inputs:
    """The samples of both, in this order."""
    terms = None if first.terms is None or second.terms is None else vstack([first.terms, second.terms], format="csr")
    return Inputs(np.concatenate([first.table, second.table]), terms)


@dataclass(frozen=True)
class Committee:
    """The members of a task.

    Attributes:
        members: per member a model of each target.
        weights: per member, of its raw score.
        intercept: added to the weighted sum.
    """

    members: Mapping[str, Sequence[Part | LinearPart]]
    weights: Mapping[str, float] = field(default_factory=lambda: {"trees": 1.0})
    intercept: float = 0.0

    def predict(self, task: TaskSpec, inputs: Inputs) -> Floats:
        """Scores (N, K) as :class:`monai_app.engines.predictions.TaskPredictions` wants them."""
        if self.weights == {"trees": 1.0} and not self.intercept:
            trees = [part for part in self.members["trees"] if isinstance(part, Part)]
            return predict_task(task, trees, inputs.table)
        return np.asarray(expit(self.raw(inputs)))

    def raw(self, inputs: Inputs) -> Floats:
        """Weighted sum (N, K) of a binary or multilabel task; a target that never varied is its constant."""
        names = sorted(self.members)  # in one order, so that a model read from its files sums up to the same bits
        total = sum(self.weights[name] * _raw(name, self.members[name], inputs) for name in names)
        fixed = [part.constant if isinstance(part, Part) else None for part in self.members[names[0]]]
        constant = np.array([np.nan if value is None else value for value in fixed])
        return np.where(np.isnan(constant), total + self.intercept, constant)


@dataclass(frozen=True)
class Plan:
    """What cross-validation chose for a task.

    Attributes:
        rounds: of boosting, per boosted member and target.
        weights: per member.
        intercept: added to the weighted sum.
    """

    rounds: Mapping[str, Sequence[int]]
    weights: Mapping[str, float]
    intercept: float


def has_committee(task: TaskSpec) -> bool:
    """Whether a task gets all members."""
    return task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL)


def plan_committee(
    task: TaskSpec, inputs: Inputs, label: Floats, patients: NDArray[np.int64], settings: BoostingSettings, *, seed: int
) -> Plan:
    """Choose rounds and weights by cross-validation.

    Args:
        task: binary or multilabel.
        inputs: N samples.
        label: (N, K), NaN where unlabelled.
        patients: (N,); a patient is in one fold only.
        settings: how trees are grown.
        seed: of everything random.
    """
    names = [*_BOOSTED, FOREST, "linear", *(["terms"] if inputs.terms is not None else [])]
    scores = {name: np.full(label.shape, np.nan) for name in names}
    rounds: dict[str, dict[int, int]] = {name: {} for name in _BOOSTED}
    for k in range(label.shape[1]):
        known = np.flatnonzero(~np.isnan(label[:, k]))
        y, chosen = label[known, k], inputs.rows(known)
        inside = derive_seed(seed, task.name, k)
        folds = _folds(y, patients[known], settings.folds, inside)
        for name in names if folds else []:
            if name in _BOOSTED:
                grown = boosted_folds(chosen.table, y, folds, _settings(name, settings), seed=inside)
                rounds[name][k], scores[name][known, k] = grown
                continue
            for train, test in folds:
                part = _fit(name, chosen.rows(train), y[train], settings, seed=inside)
                scores[name][known[test], k] = part.raw(_read(name, chosen.rows(test)))
    if not rounds["trees"]:
        return Plan({name: [_USUAL_ROUNDS] * label.shape[1] for name in _BOOSTED}, {"trees": 1.0}, 0.0)
    weights, intercept = stacking_weights(scores, label)
    usual = {name: round(float(np.median(list(kept.values())))) for name, kept in rounds.items()}
    filled = {name: [kept.get(k, usual[name]) for k in range(label.shape[1])] for name, kept in rounds.items()}
    return Plan(filled, weights, intercept)


def grow_committee(
    task: TaskSpec, inputs: Inputs, label: Floats, plan: Plan, settings: BoostingSettings, *, seed: int
) -> Committee:
    """Fit the members that the plan gives a weight, on all samples given.

    Raises:
        InputRejected: as :func:`monai_app.engines.boosting.fit_task`.
    """
    table = (inputs.table, label)
    members: dict[str, list[Part | LinearPart]] = {}
    for name in plan.weights:
        if name in _BOOSTED:
            chosen, rounds = _settings(name, settings), plan.rounds[name]
            members[name] = list(fit_task(task, table, None, chosen, seed=seed, rounds=rounds))
        else:
            members[name] = [
                _grown(name, inputs, label[:, k], settings, derive_seed(seed, task.name, k))
                for k in range(label.shape[1])
            ]
    return Committee(members, plan.weights, plan.intercept)


def _grown(name: str, inputs: Inputs, label: Floats, settings: BoostingSettings, seed: int) -> Part | LinearPart:
    known = ~np.isnan(label)
    if np.unique(label[known]).size < 2:
        return Part(constant=prior(label[known]))
    return _fit(name, inputs.rows(known), label[known], settings, seed=seed)


def _settings(name: str, settings: BoostingSettings) -> BoostingSettings:
    return replace(settings, random_thresholds=name == "random_thresholds")


def _folds(label: Floats, patients: NDArray[np.int64], folds: int, seed: int) -> list[tuple[Rows, Rows]]:
    """Train and test rows; none for a target with too few cases, or with all of them in a few patients."""
    if min(label.sum(), (1 - label).sum()) < FEWEST_CASES:
        return []
    dealt = StratifiedGroupKFold(folds, shuffle=True, random_state=seed % 2**32)
    made = list(dealt.split(label, label, patients))
    return made if all(np.unique(label[rows]).size == 2 for pair in made for rows in pair) else []


def _read(name: str, inputs: Inputs) -> Features | csr_matrix:
    if name != "terms":
        return inputs.table
    assert inputs.terms is not None, "a member reads notes that no sample has"
    return inputs.terms


def _raw(name: str, parts: Sequence[Part | LinearPart], inputs: Inputs) -> Floats:
    return np.stack([part.raw(inputs.table if isinstance(part, Part) else _read(name, inputs)) for part in parts], 1)


def _fit(name: str, inputs: Inputs, label: Floats, settings: BoostingSettings, *, seed: int) -> Part | LinearPart:
    if name == FOREST:
        return fit_forest(inputs.table, label, settings, seed=seed)
    penalty = TERMS_PENALTY if name == "terms" else TABLE_PENALTY
    return LinearPart.fit(_read(name, inputs), label, inverse_penalty=penalty)
