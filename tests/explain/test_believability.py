"""Every map ships with its scores, the film's against the regions that are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.explain.baselines import Baselines
from monai_app.explain.believability import believability
from monai_app.explain.explanation import explain
from monai_app.networks import MultimodalNetwork


def test_scores_come_with_every_map_and_are_the_same_twice(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    explanation = explain(network, spec, inputs, "death", baselines=baselines)
    region = np.zeros((32, 32), np.bool_)
    region[:8, :8] = True
    first, second = (believability(explanation, regions={"corner": region}) for _ in range(2))
    assert first == second and set(first) == set(explanation.maps)
    assert [scores.region for scores in first["film"].regions] == ["corner"] and not first["series"].regions
    assert all(found.stability.infidelity is not None for found in first.values())
    assert first["note"].stability.max_sensitivity is None and first["film"].stability.max_sensitivity is not None
    assert all(parameter.requires_grad for parameter in network.parameters())
    with torch.no_grad():
        assert float(network(inputs).logits["death"]) == pytest.approx(explanation.maps["film"].score, abs=1e-6)
