"""What privacy costs in usefulness: a small film classifier at several budgets, judged on held-out patients."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from monai_app.generate.privacy.budget import Accountant, Budget, Mechanism, calibrated_noise, epsilon_spent
from monai_app.generate.privacy.membership import membership
from monai_app.generate.privacy.small_training import Samples, SmallTraining, sample_losses, train_small
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.estimates import RANKING, Measured, macro, measure


def utility_curve(
    train: Samples,
    held_out: Samples,
    epsilons: Sequence[float],
    *,
    delta: float,
    epochs: int = 20,
    batch_size: int = 128,
    clip_norm: float = 1.0,
    learning_rate: float = 2e-3,
    seeds: int = 3,
    resamples: int = 500,
    accountant: Accountant = Accountant.PRV,
    on_stage: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """One row a budget: noise, macro AUROC with interval, its spread over seeds, and membership inference.

    Args:
        epsilons: budgets; infinite trains without noise, with the same clipping.
        seeds: trainings a budget; their AUROCs are averaged, the interval is over held-out patients.

    Raises:
        InputRejected: as :meth:`monai_app.generate.privacy.budget.Budget.checked`.
    """
    patients = len(np.unique(train.subject_id))
    rate = min(1.0, batch_size / patients)
    steps = math.ceil(epochs / rate)
    bootstrap = PatientBootstrap(held_out.subject_id, resamples=resamples)
    rows = []
    for epsilon in epsilons:
        on_stage(f"epsilon {epsilon}")
        noise = calibrated_noise(Budget(epsilon, delta).checked(patients), rate, steps, accountant)
        how = SmallTraining(clip_norm, noise, rate, steps, learning_rate=learning_rate)
        networks = [train_small(train, replace(how, seed=seed)) for seed in range(seeds)]
        scores = [_macro_auroc(network, held_out, bootstrap) for network in networks]
        spent = epsilon_spent([(Mechanism(noise, rate), steps)], delta, accountant)
        leaks = [_membership(network, train, held_out, resamples) for network in networks[:1]]
        rows.append(
            {
                "epsilon": None if math.isinf(epsilon) else epsilon,
                "spent": None if math.isinf(spent) else spent,
                "delta": delta,
                "noise_multiplier": noise,
                "steps": steps,
                "auroc": macro(scores).estimate.as_dict(),
                "auroc_by_seed": [score.value for score in scores],
                "membership": leaks[0]["auroc"],
            }
        )
    return rows


def _macro_auroc(network: nn.Module, samples: Samples, bootstrap: PatientBootstrap) -> Measured:
    with torch.no_grad():
        scores: NDArray[np.float64] = network(samples.features).double().numpy()
    labels = samples.labels.double().numpy()
    parts = []
    for column in range(labels.shape[1]):
        known = np.isfinite(labels[:, column])
        parts.append(
            measure(RANKING["auroc"], labels[known, column], scores[known, column], rows=known, bootstrap=bootstrap)
        )
    return macro(parts)


def _membership(network: nn.Module, train: Samples, held_out: Samples, resamples: int) -> dict[str, Any]:
    with torch.no_grad():
        losses = [sample_losses(network, samples).double().numpy() for samples in (train, held_out)]
    return membership(losses[0], losses[1], subjects=(train.subject_id, held_out.subject_id), resamples=resamples)
