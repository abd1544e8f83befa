"""One call explains every input under every fusion; what cannot be explained is refused with a code."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.explain.baselines import Baselines
from monai_app.explain.explanation import explain
from monai_app.explain.methods import Method
from monai_app.networks import (
    DRAF,
    DRIFA,
    MDA,
    AttentionFusion,
    DrFuse,
    EarlyFusion,
    FlexMoE,
    HEALNet,
    LateFusion,
    MedFuse,
    MultimodalNetwork,
    SampledFusion,
    ShaSpec,
)

FUSIONS = (
    *(EarlyFusion, LateFusion, AttentionFusion, DRAF, MedFuse, DrFuse, HEALNet, MDA, DRIFA, ShaSpec),
    SampledFusion,
)
SHAPES = {"film": (32, 32), "series": (6, 3), "table": (3,), "note": (10,)}
Build = Callable[..., MultimodalNetwork]
Case = dict[str, Tensor]


@pytest.mark.parametrize("fusion", FUSIONS, ids=lambda kind: kind.__name__)
def test_every_fusion_is_explained_completely(
    fusion: Callable[..., nn.Module], build: Build, spec: ModelSpec, inputs: Case, baselines: Baselines
) -> None:
    found = explain(build(fusion), spec, inputs, "death", baselines=baselines)
    assert {name: made.values.shape for name, made in found.maps.items()} == SHAPES
    assert all(made.gap < 0.01 for made in found.maps.values()), {n: m.gap for n, m in found.maps.items()}
    assert abs(found.shares.shapley.sum() - found.case.score) < 1e-5
    assert all(abs(made.score - found.case.score) < 1e-6 for made in found.maps.values())


def test_what_jumps_along_the_path_is_explained_with_a_warning(
    build: Build, spec: ModelSpec, inputs: Case, baselines: Baselines
) -> None:
    """Flex-MoE changes its experts on the way: no number of steps closes the gap."""
    found = explain(build(FlexMoE), spec, inputs, "death", baselines=baselines)
    gaps = {name: made.gap for name, made in found.maps.items() if made.gap >= 0.01}
    assert gaps and all(any("adds up" in text for text in found.maps[name].warnings) for name in gaps)
    assert len([text for text in found.warnings if "adds up" in text]) == len(gaps)


@pytest.mark.parametrize("label", ["findings/b", "type/y", "stay", "survival/by_2"])
def test_every_kind_of_label_is_explained(
    label: str, network: MultimodalNetwork, spec: ModelSpec, inputs: Case, baselines: Baselines
) -> None:
    found = explain(network, spec, inputs, label, baselines=baselines)
    assert all(made.gap < 0.01 for made in found.maps.values())


def test_absent_modality_has_no_map_and_its_bytes_change_nothing(
    network: MultimodalNetwork, spec: ModelSpec, inputs: Case, baselines: Baselines
) -> None:
    without = inputs | {"film_present": torch.zeros(1, dtype=torch.bool)}
    first = explain(network, spec, without, "death", baselines=baselines)
    other = explain(
        network, spec, without | {"film": torch.full((1, 1, 32, 32), torch.nan)}, "death", baselines=baselines
    )
    assert first.absent == ("film",) and "film" not in first.maps and "film" not in first.shares.names
    assert all((first.maps[name].values == other.maps[name].values).all() for name in first.maps)


@pytest.mark.parametrize("method", list(Method))
def test_network_is_left_as_it_was(
    method: Method, build: Build, spec: ModelSpec, inputs: Case, baselines: Baselines
) -> None:
    network = build(MedFuse, note="bag")
    if method in (Method.GRAD_CAM, Method.HIRES_CAM):
        inputs = inputs | {"film_present": torch.zeros(1, dtype=torch.bool)}
    before = [(p.requires_grad, p.clone()) for p in network.parameters()]
    logits = network(inputs).logits["death"].detach()
    explain(network, spec, inputs, "death", method=method, baselines=baselines)
    assert all(
        p.requires_grad == g and torch.equal(p, v) for p, (g, v) in zip(network.parameters(), before, strict=True)
    )
    assert not network.training and torch.equal(network(inputs).logits["death"], logits)


def test_same_call_gives_the_same_map_and_draws_nothing(
    network: MultimodalNetwork, spec: ModelSpec, inputs: Case, baselines: Baselines
) -> None:
    state = torch.get_rng_state()
    first, second = (
        explain(network, spec, inputs, "death", method=Method.GRADIENT_SHAP, baselines=baselines) for _ in range(2)
    )
    assert all((first.maps[name].values == second.maps[name].values).all() for name in first.maps)
    assert torch.equal(torch.get_rng_state(), state)


def test_training_mode_is_refused(build: Build, spec: ModelSpec, inputs: Case) -> None:
    network = build(EarlyFusion)
    network.encoders["note"].train()
    with pytest.raises(InputRejected, match="TRAIN_MODE"):
        explain(network, spec, inputs, "death")


def test_unknown_label_is_answered_with_the_known_ones(
    network: MultimodalNetwork, spec: ModelSpec, inputs: Case
) -> None:
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN.*findings/a"):
        explain(network, spec, inputs, "luck")


def test_what_has_no_tokens_is_refused(spec: ModelSpec, inputs: Case) -> None:
    with pytest.raises(InputRejected, match="EXPLAIN_UNSUPPORTED"):
        explain(nn.Linear(1, 1), spec, inputs, "death")


def test_two_cases_at_once_are_refused(network: MultimodalNetwork, spec: ModelSpec, inputs: Case) -> None:
    with pytest.raises(InputRejected, match="ONE_CASE"):
        explain(network, spec, {name: torch.cat([value, value]) for name, value in inputs.items()}, "death")
