"""Modality Shapley values from cached tokens are those of recomputing everything with modalities masked out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.explain.baselines import Baselines
from monai_app.explain.case import open_case
from monai_app.explain.modality_shares import INTERVAL, Prior, modality_shares
from monai_app.explain.shapley import shapley_values
from monai_app.explain.target import find_target
from monai_app.networks import (
    DRAF,
    MDA,
    AttentionFusion,
    FlexMoE,
    LateFusion,
    MultimodalNetwork,
    SampledFusion,
    ShaSpec,
)

NAMES = ("film", "series", "table", "note")
PRIOR = Prior(-0.4, "tests")
Build = Callable[..., MultimodalNetwork]


def naive(network: MultimodalNetwork, inputs: dict[str, Tensor], names: tuple[str, ...]) -> np.ndarray:
    """Scores of all coalitions, the whole network run for each with the other modalities marked absent."""
    values = np.full(2 ** len(names), PRIOR.score)
    for size in range(1, len(names) + 1):
        for members in combinations(range(len(names)), size):
            shown = {f"{n}_present": torch.tensor([n in {names[i] for i in members}]) for n in NAMES}
            with torch.no_grad():
                values[sum(1 << i for i in members)] = network(inputs | shown).logits["death"][0, 0].double()
    return values


@pytest.mark.parametrize("absent", [None, "table"])
@pytest.mark.parametrize(
    "fusion", [AttentionFusion, LateFusion, DRAF, FlexMoE, ShaSpec, MDA], ids=lambda kind: kind.__name__
)
def test_equals_recomputing_with_masks(
    fusion: Callable[..., nn.Module],
    absent: str | None,
    build: Build,
    spec: ModelSpec,
    inputs: dict[str, Tensor],
    baselines: Baselines,
) -> None:
    network = build(fusion)
    if absent:
        inputs[f"{absent}_present"] = torch.zeros(1, dtype=torch.bool)
    names = tuple(name for name in NAMES if name != absent)
    case = open_case(network, spec, inputs, find_target(spec, "death"), baselines)
    found = modality_shares(case, PRIOR)
    expected = naive(network, inputs, names)
    assert found.names == names and found.passes == 2 ** len(names) - 1
    np.testing.assert_allclose(found.coalitions, expected, atol=2e-6)
    np.testing.assert_allclose(found.shapley, shapley_values(expected), atol=2e-6)
    assert found.shapley.sum() == pytest.approx(case.score - PRIOR.score, abs=1e-6)
    assert found.shares.sum() == pytest.approx(1)


def test_weights_stand_beside_the_values(
    build: Build, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    target = find_target(spec, "death")
    found = modality_shares(open_case(build(MDA), spec, inputs, target, baselines), PRIOR)
    assert found.weights is not None and found.weights.sum() == pytest.approx(1)
    assert found.rank_correlation is not None and -1 <= found.rank_correlation <= 1
    assert modality_shares(open_case(build(AttentionFusion), spec, inputs, target, baselines), PRIOR).weights is None


def test_equal_weights_have_no_rank(
    build: Build, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    case = open_case(build(LateFusion), spec, inputs, find_target(spec, "death"), baselines)
    assert modality_shares(case, PRIOR).rank_correlation is None


@pytest.mark.parametrize("fusion", [DRAF, SampledFusion], ids=lambda kind: kind.__name__)
def test_each_draw_is_explained_by_itself(
    fusion: Callable[..., nn.Module], build: Build, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    case = open_case(build(fusion), spec, inputs, find_target(spec, "findings/b"), baselines)
    found = modality_shares(case, PRIOR)
    assert found.draws is not None and found.draws.count == 20
    assert (found.draws.shapley[:, 0] < found.draws.shapley[:, 1]).all()
    assert (found.draws.shares >= 0).all() and (found.draws.shares <= 1).all()
    passes = case.output.passes["findings"][:, 0, 1].double()
    alone = modality_shares(replace(case, presence=torch.tensor([[False, True, False, False]])), PRIOR)
    assert alone.draws is not None
    with torch.no_grad():
        one = case.fused(case.tokens, torch.tensor([[False, True, False, False]])).passes["findings"][:, 0, 1].double()
    np.testing.assert_allclose(alone.draws.shapley[0], np.quantile(one.numpy() - PRIOR.score, INTERVAL), atol=1e-6)
    assert (
        found.draws.shapley.sum(axis=0)[0] <= float(passes.mean()) - PRIOR.score <= found.draws.shapley.sum(axis=0)[1]
    )


def test_one_answer_has_no_interval(
    build: Build, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    case = open_case(build(LateFusion), spec, inputs, find_target(spec, "death"), baselines)
    assert modality_shares(case, PRIOR).draws is None and case.output.passes == {}
