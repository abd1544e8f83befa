"""HEALNet: successive updates of latents, of which an absent modality skips its own."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.healnet import HEALNet, fourier_positions

NAMES = ("film", "series", "table", "note")


@pytest.fixture
def healnet(spec: ModelSpec) -> HEALNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return HEALNet(spec, width=8, latents=4, latent_width=8, depth=2, heads=2, head_width=4).eval()


@pytest.fixture
def tokens() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(2, 3, 8, generator=generator) for name in NAMES}


@pytest.mark.parametrize("absent", range(4))
def test_absent_modality_skips_exactly_its_own_updates(
    absent: int, healnet: HEALNet, tokens: dict[str, torch.Tensor]
) -> None:
    present = torch.ones(2, 4).bool()
    present[0, absent] = False
    others = {name: value for index, (name, value) in enumerate(tokens.items()) if index != absent}
    got, without = healnet(tokens, present).logits["type"], healnet(others, torch.ones(2, 3).bool()).logits["type"]
    whole = healnet(tokens, torch.ones(2, 4).bool()).logits["type"]
    torch.testing.assert_close(got, torch.stack([without[0], whole[1]]))
    assert not torch.allclose(without[1], whole[1])


def test_modalities_are_read_in_their_order(healnet: HEALNet, tokens: dict[str, torch.Tensor]) -> None:
    backwards = dict(reversed(tokens.items()))
    everywhere = torch.ones(2, 4).bool()
    assert not torch.allclose(healnet(backwards, everywhere).logits["type"], healnet(tokens, everywhere).logits["type"])


def test_order_of_tokens_is_told_by_their_position(healnet: HEALNet, tokens: dict[str, torch.Tensor]) -> None:
    everywhere = torch.ones(2, 4).bool()
    turned = tokens | {"film": tokens["film"].flip(1)}
    assert not torch.allclose(healnet(turned, everywhere).logits["type"], healnet(tokens, everywhere).logits["type"])


def test_positions_are_symmetric_about_the_middle_token() -> None:
    features = fourier_positions(torch.zeros(1, 5, 8), bands=3)
    assert features.shape == (5, 7)
    torch.testing.assert_close(features[:, :4], -features.flip(0)[:, :4])
    torch.testing.assert_close(features[:, 4:], features.flip(0)[:, 4:])
    torch.testing.assert_close(features[2], torch.tensor([0.0, 0, 0, 0, 1, 1, 1]))
