"""A case of any kind that keeps the protocol is mapped and scored: here the simplest one, a weighted sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import TaskSpec
from monai_app.explain.faithfulness import faithfulness
from monai_app.explain.methods import Method, attribute
from monai_app.explain.target import Target
from monai_app.explain.views import View

SHAPE = (12, 12, 12)
TARGET = Target("lesion", TaskSpec(name="lesion", kind="binary"))


@dataclass(frozen=True)
class WeightedSum:
    weights: Tensor
    target: Target = TARGET
    score: float = 0.0

    def view(self, name: str) -> View:
        every = np.ones(SHAPE, np.bool_)
        ones = torch.ones(1, *SHAPE)
        return View(name, ones, 0 * ones, lambda x: x, every, None, "zero", ones)

    def scorer(self, name: str) -> Callable[[Tensor], Tensor]:
        return lambda x: (x * self.weights).sum(dim=(1, 2, 3))

    def encoder(self, name: str) -> nn.Module:
        return nn.Identity()

    def feature_map(self, name: str) -> nn.Module | None:
        return None


@pytest.fixture(scope="module")
def case() -> WeightedSum:
    weights = torch.zeros(SHAPE)
    weights[4:8, 4:8, 4:8] = 0.05
    return WeightedSum(weights)


@pytest.mark.parametrize("method", [Method.INTEGRATED_GRADIENTS, Method.GRADIENT_SHAP])
def test_the_map_of_a_weighted_sum_is_its_weights(case: WeightedSum, method: Method) -> None:
    made = attribute(case, case.view("volume"), method)
    assert made.values == pytest.approx(case.weights.numpy(), abs=1e-6) and made.gap < 1e-3


def test_occlusion_of_a_volume_is_highest_where_the_weights_are(case: WeightedSum) -> None:
    made = attribute(case, case.view("volume"), Method.OCCLUSION)
    assert case.weights.numpy()[np.unravel_index(made.values.argmax(), SHAPE)] > 0
    assert made.evaluations == 11**3


def test_removing_marked_blocks_costs_more_than_removing_random_ones(case: WeightedSum) -> None:
    view = case.view("volume")
    blocks = np.arange(6**3).reshape(6, 6, 6).repeat(2, 0).repeat(2, 1).repeat(2, 2)
    made = attribute(case, view, Method.INTEGRATED_GRADIENTS)
    assert faithfulness(case, View(**(vars(view) | {"blocks": blocks})), made).beats_chance
