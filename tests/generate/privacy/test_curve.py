from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.core.random import torch_generator
from monai_app.generate.privacy.budget import Accountant
from monai_app.generate.privacy.curve import utility_curve
from monai_app.generate.privacy.small_training import Samples


def samples(count: int, first: int) -> Samples:
    features = torch.randn(count, 6, generator=torch_generator("curve", first))
    return Samples(features, (features[:, :1] > 0).float(), first + np.arange(count))


def test_a_tighter_budget_costs_usefulness() -> None:
    rows = utility_curve(
        samples(60, 0), samples(60, 1000), [0.1, math.inf], delta=1e-4, epochs=6, batch_size=20, learning_rate=0.05,
        seeds=1, resamples=50, accountant=Accountant.RDP,
    )  # fmt: skip
    tight, free = rows
    assert tight["spent"] <= 0.1 and free["spent"] is None and free["noise_multiplier"] == 0
    assert tight["auroc"]["value"] < free["auroc"]["value"] and free["auroc"]["value"] > 0.9
    assert free["auroc"]["low"] <= free["auroc"]["value"] <= free["auroc"]["high"]
    assert set(tight["membership"]) == {"value", "low", "high"}


def test_a_delta_above_one_patient_is_refused() -> None:
    with pytest.raises(InputRejected, match="DELTA_TOO_LARGE"):
        utility_curve(samples(60, 0), samples(60, 1000), [1.0], delta=0.1)
