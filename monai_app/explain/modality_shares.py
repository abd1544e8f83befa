"""What each modality is worth to a prediction: exact Shapley values over the modalities that the case has.

Tokens are encoded once; every coalition is one row of one pass of the fusion, in which the others are missing as the
model itself knows missing. The value of no modality at all, which no model predicts from, is the prior. Shares as in
MM-SHAP (Parcalabescu and Frank, ACL 2023), here over whole modalities. Weights of attention or of reliability stand
beside them: they say how much a modality is looked at, not what it changed.
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class Prior:
    """The score of a patient of whom nothing is known, in the unit of the label's score, and where it comes from."""

    score: float
    source: str


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
    tokens = {
        name: torch.where(members[:, place, None, None], case.tokens[name], 0.0)
        for place, name in enumerate(case.network.modalities)
    }
    fused = case.fused(tokens, members)
    scores = case.target.score(fused.logits).double().cpu().numpy()
    values = np.concatenate([[prior.score], scores])
    phi = shapley_values(values)
    total = np.abs(phi).sum()
    # The last coalition is all of them: the case as it is.
    own = None if fused.weights is None else fused.weights[-1, case.presence[0]].double().cpu().numpy()
    return ModalityShares(
        case.present,
        phi,
        interactions(values),
        np.abs(phi) / total if total else np.zeros_like(phi),
        values,
        prior,
        own,
        _rank_correlation(own, np.abs(phi)),
        len(members),
    )


def _rank_correlation(weights: Values | None, worth: Values) -> float | None:
    if weights is None or len(worth) < LEAST_RANKED or not np.ptp(weights) or not np.ptp(worth):
        return None
    return float(spearmanr(weights, worth).statistic)
