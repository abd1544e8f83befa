"""DRIFA: gates lie in (0, 1), and two heads share the loss."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.losses import MultitaskLoss
from monai_app.networks.fusion.drifa import DRIFA

COUNTS = {"film": 4, "series": 3, "table": 1, "note": 2}
PRESENT = torch.tensor([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0]]).bool()


@pytest.fixture
def drifa(spec: ModelSpec) -> DRIFA:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DRIFA(spec, width=8).eval()


@pytest.fixture
def tokens() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(3, count, 8, generator=generator) for name, count in COUNTS.items()}


def test_gates_lie_between_zero_and_one(drifa: DRIFA, tokens: dict[str, torch.Tensor]) -> None:
    inner = drifa.within["film"].gate(tokens["film"])
    outer = drifa.across.gate(tokens, PRESENT)
    assert inner.shape == (3, 4, 8) and outer.shape == (3, 8)
    assert all(((gate > 0) & (gate < 1)).all() for gate in (inner, outer))


def test_gate_across_streams_depends_on_the_present_ones_alone(drifa: DRIFA, tokens: dict[str, torch.Tensor]) -> None:
    gate = drifa.across.gate(tokens, PRESENT)
    other = drifa.across.gate(tokens | {"film": tokens["film"] + 1}, PRESENT)
    assert not torch.allclose(gate[0], other[0])
    assert torch.equal(gate[1:], other[1:])


def test_output_is_the_gated_input_times_alpha(drifa: DRIFA, tokens: dict[str, torch.Tensor]) -> None:
    stream = drifa.within["note"]
    stream.alpha.data.fill_(3.0)
    torch.testing.assert_close(stream(tokens["note"]), 3 * tokens["note"] * stream.gate(tokens["note"]))


def test_order_of_tokens_does_not_matter(drifa: DRIFA, tokens: dict[str, torch.Tensor]) -> None:
    turned = {name: value.flip(1) for name, value in tokens.items()}
    torch.testing.assert_close(drifa(turned, PRESENT).logits, drifa(tokens, PRESENT).logits)


def test_loss_is_half_of_each_head(drifa: DRIFA, tokens: dict[str, torch.Tensor], spec: ModelSpec) -> None:
    tasks = [task for task in spec.tasks if task.name == "death"]
    output, targets = drifa(tokens, PRESENT), {"label_death": torch.tensor([[1.0], [0.0], [1.0]])}
    assert output.branches is not None
    heads = [output.branches.logits[name]["death"] for name in ("within", "across")]
    entropy = torch.nn.BCEWithLogitsLoss()
    expected = sum(0.5 * entropy(head, targets["label_death"]) for head in heads)
    torch.testing.assert_close(MultitaskLoss(tasks, branch_weight=0.5, fused_weight=0.0)(output, targets), expected)
