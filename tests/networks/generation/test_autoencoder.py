"""The autoencoder: shapes in two and three dimensions, what is random, what is refused."""

from __future__ import annotations

import pytest
import torch

from monai_app.core.random import scoped_torch_seed
from monai_app.networks.generation import FoldedAutoencoder


def tiny(spatial_dims: int = 2, fold: int = 2) -> FoldedAutoencoder:
    with scoped_torch_seed("autoencoder"):
        return FoldedAutoencoder(spatial_dims, channels=(4, 8), latent_channels=2, fold=fold, norm_groups=4)


@pytest.mark.parametrize(("dims", "fold", "side"), [(2, 2, 16), (2, 1, 8), (2, 4, 16), (3, 2, 8)])
def test_an_image_comes_back_in_its_own_shape_through_a_smaller_latent(dims: int, fold: int, side: int) -> None:
    network = tiny(dims, fold).eval()
    image = torch.rand(2, 1, *(side,) * dims)
    output = network(image)
    assert output.image.shape == image.shape
    assert output.mean.shape == output.spread.shape == (2, 2, *(side // network.shrink,) * dims)
    assert torch.equal(network.decode(network.encode(image)), output.image)


def test_evaluation_is_a_function_of_the_image_and_training_draws() -> None:
    network, image = tiny(), torch.rand(1, 1, 8, 8)
    with scoped_torch_seed("draws"):
        assert not torch.equal(network.train()(image).image, network(image).image)
        assert torch.equal(network.eval()(image).image, network(image).image)


def test_images_of_a_batch_do_not_meet() -> None:
    network, images = tiny().eval(), torch.rand(3, 1, 8, 8)
    assert torch.allclose(network(images).image[1:2], network(images[1:2]).image, atol=1e-5)


def test_sides_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 4"):
        tiny()(torch.rand(1, 1, 10, 8))
