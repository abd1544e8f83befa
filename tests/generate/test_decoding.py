"""Decoding: in range, and by tiles as at once where the decoder looks at single cells."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from torch import Tensor, nn

from monai_app.core.random import torch_generator
from monai_app.generate.decoding import decode
from monai_app.networks.generation import FoldedAutoencoder


class Nearest(nn.Module):
    """Twice as large, cell by cell."""

    def decode(self, latent: Tensor) -> Tensor:
        return nn.functional.interpolate(latent[:, :1], scale_factor=2)


def test_tiles_give_what_a_whole_decode_gives() -> None:
    latents = torch.rand(2, 3, 8, 6, 4, generator=torch_generator("latents"))
    network = cast(FoldedAutoencoder, Nearest())
    whole = decode(network, latents)
    assert whole.shape == (2, 1, 16, 12, 8)
    assert torch.allclose(decode(network, latents, tile=(4, 4, 4)), whole, atol=1e-4)
    assert torch.equal(decode(network, latents, tile=(8, 8, 8)), whole)


@pytest.mark.parametrize("shift", [-5.0, 5.0])
def test_images_stay_in_range(shift: float) -> None:
    image = decode(cast(FoldedAutoencoder, Nearest()), torch.zeros(1, 1, 4, 4) + shift)
    assert float(image.min()) == float(image.max()) == float(shift > 0)
