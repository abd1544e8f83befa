"""The network of mask pretraining: shapes, and that every weight of the encoder learns."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from monai_app.networks.encoders import FilmEncoder
from monai_app.networks.film_masks import FilmMaskNetwork


def encoder(backbone: str) -> dict[str, nn.Module]:
    return {"film": FilmEncoder(backbone, width=8, size_px=64)}


@pytest.mark.parametrize("backbone", ["densenet_narrow", "resnet18"])
def test_a_film_becomes_masks_at_a_quarter_of_its_size_and_a_size_a_structure(backbone: str) -> None:
    network = FilmMaskNetwork(partial(encoder, backbone), structures=3).eval()
    output = network({"film": torch.zeros(2, 1, 64, 96), "film_present": torch.ones(2, dtype=torch.bool)})
    assert output.logits.shape == (2, 3, 16, 24) and output.sizes.shape == (2, 3)


def test_masks_and_sizes_teach_every_weight_and_masks_alone_all_but_the_token() -> None:
    network = FilmMaskNetwork(partial(encoder, "densenet_narrow"), structures=2).train()
    film = torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    output = network({"film": film})
    output.logits.square().sum().backward(retain_graph=True)
    untaught = {name for name, weight in network.named_parameters() if weight.grad is None}
    assert untaught == {"encoders.film.project.weight", "encoders.film.project.bias", "sizes.weight", "sizes.bias"}
    output.sizes.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in network.parameters())


def test_a_film_is_read_alike_alone_and_in_a_batch() -> None:
    network = FilmMaskNetwork(partial(encoder, "densenet_narrow"), structures=2).eval()
    film = torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        together, alone = network({"film": film}), network({"film": film[1:2]})
    torch.testing.assert_close(together.logits[1:2], alone.logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(together.sizes[1:2], alone.sizes, rtol=1e-4, atol=1e-4)
