"""Properties of every fusion system by itself, on sets of tokens of unequal size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.losses import MultitaskLoss
from monai_app.networks import (
    DRIFA,
    MDA,
    AttentionFusion,
    DrFuse,
    EarlyFusion,
    FlexMoE,
    FusionOutput,
    HEALNet,
    LateFusion,
    MedFuse,
    ShaSpec,
)

NAMES = ("film", "series", "table", "note")
COUNTS = (4, 3, 1, 2)
PRESENT = torch.tensor([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0], [1, 1, 0, 1], [1, 0, 0, 0]]).bool()
BUILD: dict[str, Callable[..., nn.Module]] = {
    "attention": AttentionFusion,
    "drfuse": DrFuse,
    "drifa": DRIFA,
    "early": EarlyFusion,
    "flexmoe": FlexMoE,
    "healnet": HEALNet,
    "late": LateFusion,
    "mda": MDA,
    "medfuse": MedFuse,
    "shaspec": ShaSpec,
}
ORDERED = {"early", "healnet", "late", "medfuse"}
"""Systems that take presence in the order of the spec, or that see the modalities one after the other."""


def fusion(spec: ModelSpec, name: str) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return BUILD[name](spec, width=16).eval()


def tokens(rows: int = len(PRESENT)) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {n: torch.randn(rows, count, 16, generator=generator) for n, count in zip(NAMES, COUNTS, strict=True)}


def targets(spec: ModelSpec, present: Tensor) -> dict[str, Tensor]:
    label = {f"label_{task.name}": torch.ones(len(present), len(task.columns)) for task in spec.tasks}
    return label | {f"{name}_present": present[:, index] for index, name in enumerate(NAMES)}


def everything(output: FusionOutput) -> dict[str, Tensor]:
    """What belongs to a sample, by name."""
    found = dict(output.logits) | {f"auxiliary {name}": term for name, term in output.auxiliary.items()}
    return found if output.weights is None else found | {"weights": output.weights}


def full_loss(spec: ModelSpec, output: FusionOutput, present: Tensor) -> Tensor:
    """The loss with every term that a system may have."""
    loss = MultitaskLoss(
        spec.tasks,
        modality_weight=1.0,
        branch_weight=1.0,
        ranking_weight=1.0,
        auxiliary_weights=dict.fromkeys(output.auxiliary, 1.0),
    )
    return loss(output, targets(spec, present))


def assert_close(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> None:
    torch.testing.assert_close(dict(a), dict(b), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", BUILD)
def test_outputs_have_the_shape_of_their_tasks(name: str, spec: ModelSpec) -> None:
    output = fusion(spec, name)(tokens(), PRESENT)
    assert {n: value.shape for n, value in output.logits.items()} == {t.name: (5, t.outputs) for t in spec.tasks}
    assert all(term.shape == (5,) for term in output.auxiliary.values())
    assert all(value.isfinite().all() for value in everything(output).values())


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize("training", [False, True])
def test_absent_tokens_change_no_bit(name: str, training: bool, spec: ModelSpec) -> None:
    network, found = fusion(spec, name).train(training), []
    for junk in (0.0, 1e6):
        given = tokens()
        for index, value in enumerate(given.values()):
            value[~PRESENT[:, index]] = junk
        with torch.random.fork_rng():
            torch.manual_seed(1)
            found.append(everything(network(given, PRESENT)))
    for key, value in found[0].items():
        assert torch.equal(value, found[1][key]), key


@pytest.mark.parametrize("name", BUILD)
def test_batch_is_its_samples_one_by_one(name: str, spec: ModelSpec) -> None:
    network, given = fusion(spec, name), tokens()
    whole = everything(network(given, PRESENT))
    singles = [
        everything(network({n: v[i : i + 1] for n, v in given.items()}, PRESENT[i : i + 1]))
        for i in range(len(PRESENT))
    ]
    whole = {key: value for key, value in whole.items() if key != "auxiliary balance"}
    assert_close({key: torch.cat([single[key] for single in singles]) for key in whole}, whole)


@pytest.mark.parametrize("name", [name for name in BUILD if name not in ORDERED])
def test_order_of_modalities_changes_only_that_of_the_weights(name: str, spec: ModelSpec) -> None:
    network, given, order = fusion(spec, name), tokens(), [2, 0, 3, 1]
    whole = everything(network(given, PRESENT))
    turned = everything(network({NAMES[i]: given[NAMES[i]] for i in order}, PRESENT[:, order]))
    if "weights" in whole:
        whole["weights"] = whole["weights"][:, order]
    assert_close(turned, whole)


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize("rows", [slice(None), slice(0, 1), slice(2, 3)], ids=["batch", "one whole", "one with one"])
def test_training_reaches_every_parameter(name: str, rows: slice, spec: ModelSpec) -> None:
    network, present = fusion(spec, name).train(), PRESENT[rows]
    output = network({n: value[rows] for n, value in tokens().items()}, present)
    loss = full_loss(spec, output, present)
    loss.backward()
    assert loss.isfinite()
    gradients = {key: parameter.grad for key, parameter in network.named_parameters()}
    assert [key for key, value in gradients.items() if value is None] == []
    assert [key for key, value in gradients.items() if value is not None and not value.isfinite().all()] == []


@pytest.mark.parametrize("name", BUILD)
def test_one_modality_is_enough(name: str, spec: ModelSpec) -> None:
    none = dict.fromkeys(("film", "series", "note"))
    alone = spec.model_copy(update={"modalities": spec.modalities.model_copy(update=none)})
    present = torch.ones(5, 1).bool()
    output = fusion(alone, name)({"table": tokens()["table"]}, present)
    assert all(value.isfinite().all() for value in everything(output).values())
    loss = MultitaskLoss(alone.tasks, branch_weight=1.0, ranking_weight=1.0)
    assert loss(output, targets(alone, torch.ones(5, 4).bool())).isfinite()


@pytest.mark.parametrize("name", BUILD)
def test_bfloat16_says_nearly_the_same(name: str, spec: ModelSpec) -> None:
    network, given = fusion(spec, name), tokens()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = network(given, PRESENT)
    for task, logits in network(given, PRESENT).logits.items():
        torch.testing.assert_close(half.logits[task].float(), logits, rtol=0, atol=0.1)


@pytest.mark.parametrize("name", BUILD)
def test_weights_share_one_among_the_present(name: str, spec: ModelSpec) -> None:
    weights = fusion(spec, name)(tokens(), PRESENT).weights
    if weights is not None:
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(5))
        assert (weights[~PRESENT] == 0).all()


@pytest.mark.parametrize("name", BUILD)
def test_prevalence_is_where_training_starts(name: str, spec: ModelSpec) -> None:
    heads = [module for module in fusion(spec, name).modules() if hasattr(module, "set_statistics")]
    assert heads
    for module in heads:
        module.set_statistics({"target_mean_death": torch.tensor([0.1]).numpy()})
        assert module.bias("death").item() == pytest.approx(math.log(0.1 / 0.9), abs=1e-5)
    assert {task.kind for task in spec.tasks} == set(TaskKind)
