"""Both outcomes of the audit on a toy problem, by the step that the bundles take."""

from __future__ import annotations

import numpy as np
import torch

from monai_app.core.random import torch_generator
from monai_app.generate.privacy.budget import Accountant, Budget
from monai_app.generate.privacy.film_audit import audit_training
from monai_app.generate.privacy.small_training import Samples


def random_samples(count: int, purpose: str) -> Samples:
    generator = torch_generator(purpose)
    features = torch.randn(count, 30, generator=generator)
    labels = (torch.rand(count, 4, generator=generator) < 0.5).float()
    return Samples(features, labels, np.arange(count))


def test_a_private_training_keeps_its_claim_and_one_without_clipping_and_noise_breaks_it() -> None:  # row 46
    audited = audit_training(
        random_samples(0, "nobody"),
        random_samples(120, "canaries"),
        Budget(1.0, 1e-5),
        steps=40,
        batch_size=30,
        learning_rate=0.03,
        hidden=32,
        accountant=Accountant.RDP,
    )
    told = audited.as_dict()
    assert told["passed"] and told["private"]["epsilon_lower"] <= told["claimed_epsilon"] <= 1.0
    assert told["sees_leaks"] and told["without_clipping_and_noise"]["epsilon_lower"] > 1.0
    assert 40 < told["private"]["included"] < 80
