"""Do modality Shapley values find which modality carries which label? Over all cases at once, against the truth.

In a model whose log odds add up over modalities and are as good as can be, the Shapley value of modality m is its part
of the log odds, so that its variance over patients is tau^2 times the share of the information table. The estimate of
a share is therefore the variance of the Shapley value over the patients who have the modality, in parts of the label's
sum. The mean absolute value also holds what a modality says of everybody; it stands beside it, as do the model's own
weights and what the model loses in log loss when the modality is taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score
from torch import Tensor

from monai_app.benchmark.attribution_truth import LabelTruth
from monai_app.explain.modality_shares import LEAST_RANKED
from monai_app.explain.shapley import shapley_values
from monai_app.metrics.bootstrap import Estimate, PatientBootstrap, interval
from monai_app.networks import MultimodalNetwork

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SHAPLEY_VARIANCE, SHAPLEY_SIZE = "variance of Shapley", "mean absolute Shapley"
WEIGHT, LOSS = "model's own weights", "log loss without it"
STATISTICS = (SHAPLEY_VARIANCE, SHAPLEY_SIZE, WEIGHT, LOSS)
_SMALLEST = 1e-6
READ_PART = 0.5
"""Part of the best AUROC over chance from which on a model reads a modality for a label."""


@dataclass(frozen=True, eq=False)
class Worth:
    """What modalities are worth to N cases.

    Attributes:
        modalities: M names.
        presence: (N, M).
        scores: (N, 2^M, L) of every coalition by the bits of its index, in log odds; absent members change nothing.
        weights: (N, M) the model's own; None where it has none.
    """

    modalities: tuple[str, ...]
    presence: Bools
    scores: Floats
    weights: Floats | None

    @property
    def shapley(self) -> Floats:
        """Shapley values (N, M, L); those of absent modalities are zero."""
        size = self.scores.shape[1]
        transform = np.stack([shapley_values(row) for row in np.eye(size)], axis=1)
        found: Floats = np.einsum("ms,nsl->nml", transform, self.scores)
        return found


@torch.no_grad()
def modality_worth(
    network: MultimodalNetwork, batches: Iterable[Mapping[str, Tensor]], truths: Sequence[LabelTruth], priors: Floats
) -> Worth:
    """The scores of every coalition: tokens are encoded once, the others are missing as the model knows missing.

    Args:
        network: in evaluation mode.
        batches: inputs.
        truths: L labels.
        priors: (L,) the score of knowing nothing.
    """
    count, scores, presences, weights = len(network.modalities), [], [], []
    for inputs in batches:
        presence = network.presence(inputs)
        tokens = network.encode(inputs, presence)
        found = np.tile(priors, (len(presence), 1 << count, 1))
        for coalition in range(1, 1 << count):
            bits = torch.tensor([bool(coalition >> place & 1) for place in range(count)], device=presence.device)
            members = presence & bits
            rows = members.any(dim=1)
            if not rows.any():
                continue
            kept = {
                name: torch.where(members[rows, place, None, None], tokens[name][rows], 0.0)
                for place, name in enumerate(network.modalities)
            }
            output = network.fusion(kept, members[rows])
            told = torch.stack([truth.target.score(output.logits) for truth in truths], dim=1)
            found[rows.cpu().numpy(), coalition] = told.double().cpu().numpy()
        scores.append(found)
        presences.append(presence.cpu().numpy())
        own = network.fusion(tokens, presence).weights
        weights.append(None if own is None else own.double().cpu().numpy())
    known = [own for own in weights if own is not None]
    return Worth(
        network.modalities, np.concatenate(presences), np.concatenate(scores), np.concatenate(known) if known else None
    )


def reliance(worth: Worth, labels: Floats, weights: Floats) -> dict[str, Floats]:
    """Statistics (R, L, M) of how much each label rests on each modality, for R weightings of the cases.

    Args:
        worth: of N cases.
        labels: (N, L) 0 or 1, NaN where unknown.
        weights: (R, N), as of a bootstrap.
    """
    phi, here = worth.shapley, worth.presence
    total = np.maximum(weights @ here, _SMALLEST)[..., None]
    mean = np.einsum("rn,nml->rml", weights, phi) / total
    square = np.einsum("rn,nml->rml", weights, phi**2) / total
    size = np.einsum("rn,nml->rml", weights, np.abs(phi)) / total
    found = {
        SHAPLEY_VARIANCE: _parts(square - mean**2),
        SHAPLEY_SIZE: _parts(size),
        LOSS: _losses(worth, labels, weights),
    }
    if worth.weights is not None:
        own = (weights @ np.where(here, worth.weights, 0.0)) / total[..., 0]
        found[WEIGHT] = np.repeat(own[:, None], labels.shape[1], axis=1)
    return found


def _parts(values: Floats) -> Floats:
    """(R, M, L) -> (R, L, M) in parts of each label's sum."""
    swapped = np.maximum(np.swapaxes(values, 1, 2), 0.0)
    found: Floats = swapped / np.maximum(swapped.sum(axis=2, keepdims=True), 1e-30)
    return found


def _losses(worth: Worth, labels: Floats, weights: Floats) -> Floats:
    """Rise of the mean log loss when a modality is missing, over the cases that have it and another one, (R, L, M)."""
    every = worth.scores.shape[1] - 1
    found = np.zeros((len(weights), labels.shape[1], len(worth.modalities)))
    enough = worth.presence.sum(axis=1) > 1
    for place in range(len(worth.modalities)):
        rise = _log_loss(worth.scores[:, every & ~(1 << place)], labels) - _log_loss(worth.scores[:, every], labels)
        counted = np.isfinite(rise) & (worth.presence[:, place] & enough)[:, None]
        share = np.maximum(weights @ counted, _SMALLEST)
        found[:, :, place] = (weights @ np.where(counted, rise, 0.0)) / share
    return found


def _log_loss(score: Floats, label: Floats) -> Floats:
    chance = np.clip(expit(score), _SMALLEST, 1 - _SMALLEST)
    found: Floats = -(label * np.log(chance) + (1 - label) * np.log(1 - chance))
    return found


@dataclass(frozen=True, eq=False)
class Recovered:
    """What one statistic says of the shares.

    Attributes:
        over_all: Spearman's correlation with the true shares over all (label, modality) pairs.
        over_read: the same over the pairs that the model reads.
        values: (L, M) the statistic.
    """

    over_all: Estimate
    over_read: Estimate
    values: Floats


def recovered(
    worth: Worth,
    labels: Floats,
    truth: Floats,
    read: Bools,
    subject_id: npt.NDArray[np.int64],
    *,
    resamples: int,
    seed: int = 0,
) -> dict[str, Recovered]:
    """Per statistic, how well it recovers the true shares.

    Args:
        truth: (L, M) shares.
        read: (L, M) pairs of which the model reads something, see :func:`reads`.
        subject_id: (N,), which the intervals resample.
    """
    one = reliance(worth, labels, np.ones((1, len(subject_id))))
    bootstrap = PatientBootstrap(subject_id, resamples=resamples, seed=seed)
    drawn: dict[str, list[tuple[float, float]]] = {name: [] for name in one}

    def of_draws(weights: Floats) -> Floats:
        for name, values in reliance(worth, labels, weights).items():
            drawn[name] += [(spearman(row, truth), spearman(row[read], truth[read])) for row in values]
        return np.zeros(len(weights))

    bootstrap.replicates(np.arange(len(subject_id)), of_draws)
    found = {}
    for name, values in one.items():
        draws = np.array(drawn[name]).reshape(-1, 2)
        found[name] = Recovered(
            interval(spearman(values[0], truth), draws[:, 0]),
            interval(spearman(values[0][read], truth[read]), draws[:, 1]),
            values[0],
        )
    return found


def alone(worth: Worth, labels: Floats) -> Floats:
    """AUROC (L, M) of the model from each modality alone, over the patients who have it; NaN without both outcomes."""
    found = np.full((labels.shape[1], len(worth.modalities)), np.nan)
    for place in range(len(worth.modalities)):
        for label in range(labels.shape[1]):
            rows = worth.presence[:, place] & np.isfinite(labels[:, label])
            truth = labels[rows, label]
            if rows.any() and 0 < truth.mean() < 1:
                found[label, place] = roc_auc_score(truth, worth.scores[rows, 1 << place, label])
    return found


def reads(own: Floats, best: Floats) -> Bools:
    """Which (label, modality) pairs (L, M) a model reads: alone it reaches half of what can be had over chance.

    Where there is nothing to be had there is nothing to read, and the pair counts.
    """
    found: Bools = np.nan_to_num(own, nan=0.5) - 0.5 >= READ_PART * (best - 0.5)
    return found | (best <= 0.5)


def spearman(one: Floats, other: Floats) -> float:
    """Spearman's rank correlation of all entries; NaN where one of them does not vary."""
    if one.size < LEAST_RANKED:
        return float("nan")
    here, there = rankdata(one.ravel()), rankdata(other.ravel())
    if not np.ptp(here) or not np.ptp(there):
        return float("nan")
    return float(np.corrcoef(here, there)[0, 1])
