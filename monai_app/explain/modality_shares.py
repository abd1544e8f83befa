"""What each modality is worth to a prediction: exact Shapley values over the modalities that the case has.

Tokens are encoded once; every coalition is one row of one pass of the fusion, in which the others are missing as the
model itself knows missing. The value of no modality at all, which no model predicts from, is the prior. Shares as in
MM-SHAP (Parcalabescu and Frank, ACL 2023), here over whole modalities. Weights of attention or of reliability stand
beside them: they say how much a modality is looked at, not what it changed.

A model that draws (Monte Carlo dropout, DRAF) is as many networks as it has draws, each with exact values of its own:
their middle nine tenths are the interval. It is the model's own doubt, no more: whether the model is right about the
patient, or another training would tell the same, it does not say. A model that gives one answer has no interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import spearmanr
from torch import Tensor

from monai_app.explain.case import OpenCase
from monai_app.explain.shapley import interactions, shapley_values

Values = npt.NDArray[np.float64]

LEAST_RANKED = 3
"""Of fewer modalities a rank correlation says nothing."""

INTERVAL = (0.05, 0.95)
"""Quantiles over the draws of a model."""


@dataclass(frozen=True)
class Prior:
    """The score of a patient of whom nothing is known, in the unit of the label's score, and where it comes from."""

    score: float
    source: str


@dataclass(frozen=True, eq=False)
class Draws:
    """What the draws of a model say by themselves.

    Attributes:
        count: how many.
        shapley: (m, 2), the ends of :data:`INTERVAL` over the draws.
        shares: (m, 2), likewise of the shares.
    """

    count: int
    shapley: Values
    shares: Values


@dataclass(frozen=True, eq=False)
class ModalityShares:
    """Values of the m present modalities, in the unit of the score.

    Attributes:
        names: the modalities.
        shapley: (m,), which add up to the score minus the prior.
        interactions: (m, m), positive where two tell more together.
        shares: (m,) of the absolute values, with a sum of 1; all zero where nothing moved the score.
        coalitions: (2^m,) scores by the bits of the index.
        prior: the value of no modality.
        weights: (m,) the model's own weights of attention or reliability; None where it has none.
        rank_correlation: Spearman's, of the weights with the absolute Shapley values; None for fewer than three.
        passes: rows that the fusion computed.
        draws: None where the model gives one answer.
    """

    names: tuple[str, ...]
    shapley: Values
    interactions: Values
    shares: Values
    coalitions: Values
    prior: Prior
    weights: Values | None
    rank_correlation: float | None
    passes: int
    draws: Draws | None = None


def coalitions_of(presence: Tensor) -> Tensor:
    """All coalitions of the present modalities but the empty one, ``(2^m - 1, M)``, in the order of their bits."""
    places = presence[0].nonzero()[:, 0]
    numbers = torch.arange(1, 2 ** len(places), device=presence.device)
    members = torch.zeros(len(numbers), presence.shape[1], dtype=torch.bool, device=presence.device)
    members[:, places] = (numbers[:, None] >> torch.arange(len(places), device=presence.device) & 1).bool()
    return members


@torch.no_grad()
def modality_shares(case: OpenCase, prior: Prior) -> ModalityShares:
    """Shapley values, interactions and shares of a case's modalities."""
    members = coalitions_of(case.presence)
    fused = case.fused(case.tokens, members)  # what is absent reaches nothing in a fusion, whatever stands there
    scores = case.target.score(fused.logits).double().cpu().numpy()
    values = np.concatenate([[prior.score], scores])
    phi = shapley_values(values)
    # The last coalition is all of them: the case as it is.
    own = None if fused.weights is None else fused.weights[-1, case.presence[0]].double().cpu().numpy()
    return ModalityShares(
        case.present,
        phi,
        interactions(values),
        _shares(phi),
        values,
        prior,
        own,
        _rank_correlation(own, np.abs(phi)),
        len(members),
        _draws(case, fused.passes, prior),
    )


def _shares(phi: Values) -> Values:
    """Parts (m, ...) of all influence; zero where there is none."""
    total = np.abs(phi).sum(axis=0)
    found: Values = np.abs(phi) / np.where(total > 0, total, 1.0)
    return found


def _draws(case: OpenCase, passes: Mapping[str, Tensor], prior: Prior) -> Draws | None:
    """Of the logits ``(T, 2^m - 1, K)`` of each draw."""
    name = case.target.task.name
    if name not in passes or len(passes[name]) < 2:
        return None
    logits = passes[name]
    scores = case.target.score({name: logits.flatten(0, 1)}).double().cpu().numpy().reshape(logits.shape[:2])
    phi = shapley_values(np.concatenate([np.full((1, len(scores)), prior.score), scores.T]))
    ends = [np.quantile(value, INTERVAL, axis=1).T for value in (phi, _shares(phi))]
    return Draws(len(scores), *ends)


def _rank_correlation(weights: Values | None, worth: Values) -> float | None:
    if weights is None or len(worth) < LEAST_RANKED or not np.ptp(weights) or not np.ptp(worth):
        return None
    return float(spearmanr(weights, worth).statistic)
