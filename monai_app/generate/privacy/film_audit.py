"""The one-run canary audit of a private training on films, with the same training unclipped to show that it sees."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.generate.privacy.budget import Accountant, Budget, Mechanism, calibrated_noise, epsilon_spent
from monai_app.generate.privacy.one_run_audit import Audit, audit
from monai_app.generate.privacy.small_training import (
    Samples,
    SmallTraining,
    sample_losses,
    small_classifier,
    train_small,
)


@dataclass(frozen=True)
class AuditedTraining:
    """A claim beside what an audit could prove against it.

    Attributes:
        claimed: epsilon by the accountant.
        private: the audit of the training as it is.
        unclipped: of the same training without clipping and noise, which keeps no claim.
        how: of the private training.
    """

    claimed: float
    private: Audit
    unclipped: Audit
    how: SmallTraining

    @property
    def passed(self) -> bool:
        """Nothing was found against the claim."""
        return self.private.epsilon_lower <= self.claimed

    @property
    def sees_leaks(self) -> bool:
        """The audit refutes the claim where it does not hold; without that, passing says nothing."""
        return self.unclipped.epsilon_lower > self.claimed

    def as_dict(self) -> dict[str, Any]:
        """For audit.json."""
        return {
            "format": "monai-app-privacy-audit-1",
            "claimed_epsilon": self.claimed,
            "delta": self.private.delta,
            "confidence": self.private.confidence,
            "private": vars(self.private),
            "without_clipping_and_noise": vars(self.unclipped),
            "passed": self.passed,
            "sees_leaks": self.sees_leaks,
            "training": vars(self.how),
        }


def audit_training(
    patients: Samples,
    canaries: Samples,
    budget: Budget,
    *,
    steps: int,
    batch_size: float,
    clip_norm: float = 1.0,
    learning_rate: float = 2e-3,
    hidden: int = 64,
    accountant: Accountant = Accountant.PRV,
    confidence: float = 0.95,
    seed: int = 0,
    on_stage: Callable[[str], None] = lambda _: None,
) -> AuditedTraining:
    """Train once privately and once without clipping and noise, each with half of the canaries, and audit both.

    Args:
        patients: may be empty.
        canaries: each a patient of its own.
        budget: what the private training claims.
        batch_size: patients a step, on average.

    Raises:
        InputRejected: ``BUDGET_INVALID``, ``BUDGET_TOO_SMALL``.
    """
    if math.isinf(budget.epsilon):
        raise InputRejected("BUDGET_INVALID", "without a bound there is nothing to audit", got="infinite epsilon")
    rate = min(1.0, batch_size / (len(patients.features) + len(canaries.features) / 2))
    noise = calibrated_noise(budget, rate, steps, accountant)
    how = SmallTraining(clip_norm, noise, rate, steps, learning_rate=learning_rate, hidden=hidden, seed=seed)
    claimed = epsilon_spent([(Mechanism(noise, rate), steps)], budget.delta, accountant)
    on_stage("training with clipping and noise")
    private = _audited(patients, canaries, how, budget.delta, confidence)
    on_stage("training without")
    unclipped = _audited(
        patients, canaries, replace(how, clip_norm=None, noise_multiplier=0.0), budget.delta, confidence
    )
    return AuditedTraining(claimed, private, unclipped, how)


def _audited(patients: Samples, canaries: Samples, how: SmallTraining, delta: float, confidence: float) -> Audit:
    included = numpy_generator("canary inclusion", how.seed).random(len(canaries.features)) < 0.5
    chosen = torch.from_numpy(included)
    trained = train_small(
        Samples(
            torch.cat([patients.features, canaries.features[chosen]]),
            torch.cat([patients.labels, canaries.labels[chosen]]),
            np.concatenate([patients.subject_id, canaries.subject_id[included]]),
        ),
        how,
    )
    shape = canaries.features.shape[1], canaries.labels.shape[1]
    start = small_classifier(*shape, hidden=how.hidden, seed=how.seed)
    with torch.no_grad():
        score = sample_losses(start, canaries) - sample_losses(trained, canaries)
    return audit(score.double().numpy(), included, delta, confidence)
