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
from torch import Tensor

from monai_app.benchmark.attribution_truth import LabelTruth
from monai_app.explain.shapley import shapley_values
from monai_app.metrics.bootstrap import Estimate, PatientBootstrap, interval
from monai_app.networks import MultimodalNetwork

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SHAPLEY_VARIANCE, SHAPLEY_SIZE = "variance of Shapley", "mean absolute Shapley"
WEIGHT, LOSS = "model's own weights", "log loss without it"
STATISTICS = (SHAPLEY_VARIANCE, SHAPLEY_SIZE, WEIGHT, LOSS)
_SMALLEST = 1e-6


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


def recovered(
    worth: Worth, labels: Floats, truth: Floats, subject_id: npt.NDArray[np.int64], *, resamples: int, seed: int = 0
) -> dict[str, tuple[Estimate, Floats]]:
    """Per statistic Spearman's correlation with the true shares over (label, modality) pairs, and the statistic (L, M).

    Args:
        truth: (L, M) shares.
        subject_id: (N,), which the intervals resample.
    """
    one = reliance(worth, labels, np.ones((1, len(subject_id))))
    bootstrap = PatientBootstrap(subject_id, resamples=resamples, seed=seed)
    drawn = {name: np.empty(resamples) for name in one}
    done = 0

    def of_draws(weights: Floats) -> Floats:
        nonlocal done
        for name, values in reliance(worth, labels, weights).items():
            drawn[name][done : done + len(weights)] = [spearman(row, truth) for row in values]
        done += len(weights)
        return np.zeros(len(weights))

    bootstrap.replicates(np.arange(len(subject_id)), of_draws)
    return {name: (interval(spearman(values[0], truth), drawn[name]), values[0]) for name, values in one.items()}


def spearman(one: Floats, other: Floats) -> float:
    """Spearman's rank correlation of all entries; NaN where one of them does not vary."""
    here, there = rankdata(one.ravel()), rankdata(other.ravel())
    if not np.ptp(here) or not np.ptp(there):
        return float("nan")
    return float(np.corrcoef(here, there)[0, 1])
