"""Attention fusion sees a set: modalities have no order, and weights belong to those present."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.attention import AttentionFusion

NAMES = ("film", "series", "table", "note")
PRESENT = torch.tensor([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0]]).bool()


def fusion(spec: ModelSpec, pool: str) -> AttentionFusion:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AttentionFusion(spec, width=8, heads=2, pool=pool).eval()  # type: ignore[arg-type]


def tokens(counts: tuple[int, ...] = (4, 1, 1, 1)) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(3, count, 8, generator=generator) for name, count in zip(NAMES, counts, strict=True)}


@pytest.mark.parametrize("pool", ["mean", "attention"])
def test_order_of_modalities_does_not_matter(spec: ModelSpec, pool: str) -> None:
    network, given = fusion(spec, pool), tokens()
    order = [2, 0, 3, 1]
    turned = network({NAMES[i]: given[NAMES[i]] for i in order}, PRESENT[:, order])
    torch.testing.assert_close(turned.logits, network(given, PRESENT).logits)


@pytest.mark.parametrize("pool", ["mean", "attention"])
def test_lone_modality_is_not_touched_by_the_others(spec: ModelSpec, pool: str) -> None:
    network, given = fusion(spec, pool), tokens()
    other = {name: value if name == "table" else torch.full_like(value, torch.nan) for name, value in given.items()}
    other = {name: torch.nan_to_num(value, nan=1e6) for name, value in other.items()}
    torch.testing.assert_close(network(other, PRESENT).logits["death"][2], network(given, PRESENT).logits["death"][2])


def test_weights_are_those_of_the_pooling_query(spec: ModelSpec) -> None:
    assert fusion(spec, "mean")(tokens(), PRESENT).weights is None
    weights = fusion(spec, "attention")(tokens(), PRESENT).weights
    assert weights is not None
    torch.testing.assert_close(weights.sum(1), torch.ones(3))
    assert (weights[~PRESENT] == 0).all() and (weights[PRESENT] > 0).all()
