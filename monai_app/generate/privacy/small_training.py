"""Private training of a classifier so small that audits and curves of privacy take minutes on one core.

It takes the very step that the bundles take (:class:`monai_app.generate.privacy.step.PrivateStep`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from monai_app.core.random import scoped_torch_seed, torch_generator
from monai_app.generate.privacy.sampling import poisson_rows, rows_by_patient
from monai_app.generate.privacy.step import PrivateStep


@dataclass(frozen=True)
class Samples:
    """What a small classifier learns from.

    Attributes:
        features: (N, F) float32.
        labels: (N, K) float32 in {0, 1}, NaN unlabelled.
        subject_id: (N,).
    """

    features: Tensor
    labels: Tensor
    subject_id: NDArray[np.int64]


@dataclass(frozen=True)
class SmallTraining:
    """How it is trained.

    Attributes:
        clip_norm: longest gradient of a patient; None does not clip.
        noise_multiplier: standard deviation of the noise in clipping norms.
        sampling_rate: probability that a patient is in a step.
        steps: of the optimiser.
        learning_rate: of Adam.
        hidden: units of the hidden layer.
        seed: of weights, sampling and noise: results are for study and never for release.
    """

    clip_norm: float | None
    noise_multiplier: float
    sampling_rate: float
    steps: int
    learning_rate: float = 2e-3
    hidden: int = 64
    seed: int = 0


def small_classifier(features: int, outputs: int, *, hidden: int, seed: int) -> nn.Sequential:
    """Two layers whose weights are a function of the seed."""
    with scoped_torch_seed("small classifier", seed):
        return nn.Sequential(nn.Linear(features, hidden), nn.GELU(), nn.Linear(hidden, outputs))


def sample_losses(network: nn.Module, samples: Samples) -> Tensor:
    """Cross-entropy of each sample (N,), the mean over its labelled entries; 0 where it has none."""
    known = torch.isfinite(samples.labels)
    entries = functional.binary_cross_entropy_with_logits(
        network(samples.features), torch.nan_to_num(samples.labels), reduction="none"
    )
    return (entries * known).sum(dim=1) / known.sum(dim=1).clamp_min(1)


def train_small(samples: Samples, how: SmallTraining) -> nn.Sequential:
    """Train by DP-SGD."""
    network = small_classifier(samples.features.shape[1], samples.labels.shape[1], hidden=how.hidden, seed=how.seed)
    patients = rows_by_patient(samples.subject_id.tolist())
    step = PrivateStep(
        network.parameters(),
        clip_norm=how.clip_norm,
        noise_multiplier=how.noise_multiplier,
        expected_patients=max(1.0, how.sampling_rate * len(patients)),
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=how.learning_rate)

    def loss_of(row: int) -> Callable[[], Tensor]:
        one = slice(row, row + 1)
        return lambda: sample_losses(
            network, Samples(samples.features[one], samples.labels[one], samples.subject_id[one])
        ).sum()

    for index in range(how.steps):
        rows = poisson_rows(patients, how.sampling_rate, torch_generator("small poisson", how.seed, index))
        step((loss_of(row) for row in rows), torch_generator("small noise", how.seed, index))
        optimizer.step()
    return network.eval()
