"""MDA: a modality that agrees with the others present counts for more."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.core.random import scoped_torch_seed
from monai_app.networks.fusion.mda import MDA, agreement

NAMES = ("film", "series", "table", "note")


@pytest.fixture
def mda(spec: ModelSpec) -> MDA:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MDA(spec, width=8, dropout=0.0, noise=0.5).eval()


@pytest.fixture
def tokens() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(2, 3, 8, generator=generator) for name in NAMES}


def test_agreement_is_the_mean_cosine_over_the_present() -> None:
    features = torch.tensor([[[1.0, 0.0], [2.0, 2.0], [0.0, -3.0]]])
    half = 0.5**0.5
    torch.testing.assert_close(agreement(features, torch.tensor([[1, 1, 0]]).bool())[0, 0].item(), (1 + half) / 2)
    torch.testing.assert_close(agreement(features, torch.ones(1, 3).bool())[0, 2].item(), (1 - half) / 3)


def test_dissenting_modality_counts_for_less(mda: MDA, tokens: dict[str, torch.Tensor]) -> None:
    torch.nn.init.zeros_(mda.query.weight)
    for project in mda.project.values():
        torch.nn.init.eye_(project[0].weight)
        torch.nn.init.zeros_(project[0].bias)
    same = tokens["film"]
    weights = mda({**dict.fromkeys(NAMES, same), "note": -same}, torch.ones(2, 4).bool()).weights
    assert weights is not None
    torch.testing.assert_close(weights[:, 0], weights[:, 1])
    torch.testing.assert_close((weights[:, 0] / weights[:, 3]).log(), torch.ones(2))


def test_weights_sum_to_one_over_the_present(mda: MDA, tokens: dict[str, torch.Tensor]) -> None:
    weights = mda(tokens, torch.tensor([[1, 0, 1, 0], [0, 0, 0, 1]]).bool()).weights
    assert weights is not None
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
    assert weights[1].tolist() == [0, 0, 0, 1] and (weights[0, [1, 3]] == 0).all()


def test_noise_is_a_function_of_the_step_and_only_in_training(mda: MDA, tokens: dict[str, torch.Tensor]) -> None:
    def death(step: int) -> torch.Tensor:
        with scoped_torch_seed("step", step):
            logits: torch.Tensor = mda(tokens, torch.ones(2, 4).bool()).logits["death"]
            return logits

    assert torch.equal(death(1), death(2))
    mda.train()
    assert torch.equal(death(1), death(1)) and not torch.equal(death(1), death(2))
