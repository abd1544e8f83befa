"""Flex-MoE: the bank knows combinations, and few experts read each feature."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.flexmoe import FlexMoE, combination, top_k_gates

NAMES = ("film", "series", "table", "note")


@pytest.fixture
def flexmoe(spec: ModelSpec) -> FlexMoE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FlexMoE(spec, width=8, experts=4).eval()


@pytest.fixture
def tokens() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(2, 3, 8, generator=generator) for name in NAMES}


def test_every_combination_has_its_own_number() -> None:
    every = torch.tensor([[bool(number >> bit & 1) for bit in range(4)] for number in range(16)])
    assert combination(every).tolist() == list(range(16))


def test_only_the_entry_of_the_samples_combination_counts(flexmoe: FlexMoE, tokens: dict[str, torch.Tensor]) -> None:
    present = torch.tensor([[False, True, True, True], [False, False, True, True]])
    before = flexmoe(tokens, present).logits["type"]
    flexmoe.bank.data[combination(present[:1]), 0] += 1.0
    after = flexmoe(tokens, present).logits["type"]
    assert not torch.allclose(after[0], before[0])
    assert torch.equal(after[1], before[1])


def test_bank_entry_of_a_present_modality_is_never_read(flexmoe: FlexMoE, tokens: dict[str, torch.Tensor]) -> None:
    present = torch.tensor([[False, True, True, True]] * 2)
    before = flexmoe(tokens, present).logits["type"]
    flexmoe.bank.data[combination(present[:1]), 1:] += 1.0
    assert torch.equal(flexmoe(tokens, present).logits["type"], before)


def test_gates_sum_to_one_over_the_chosen_experts() -> None:
    gates = top_k_gates(torch.tensor([[0.1, 3.0, -2.0, 1.0]]), 2)
    torch.testing.assert_close(gates.sum(), torch.tensor(1.0))
    assert (gates > 0).tolist() == [[False, True, False, True]]
    torch.testing.assert_close(gates[0, 1] / gates[0, 3], torch.tensor(2.0).exp())


def test_balance_is_one_for_an_even_router_and_grows_with_preference(
    flexmoe: FlexMoE, tokens: dict[str, torch.Tensor]
) -> None:
    router, present = flexmoe.layers[0].router, torch.ones(2, 4).bool()
    torch.nn.init.zeros_(router.weight)
    torch.nn.init.zeros_(router.bias)
    torch.testing.assert_close(flexmoe(tokens, present).auxiliary["balance"], torch.ones(2))
    router.bias.data[:2] = 9.0
    torch.testing.assert_close(flexmoe(tokens, present).auxiliary["balance"], 2 * torch.ones(2), rtol=1e-3, atol=0)


def test_more_choices_than_experts_are_refused(spec: ModelSpec) -> None:
    with pytest.raises(ValueError, match=r"\[1, 4\].*got 5"):
        FlexMoE(spec, width=8, experts=4, top_k=5)
