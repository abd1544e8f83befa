"""Feature maps of the film encoder: the stages asked for, frozen, and the pooled vector of the encoder itself."""

from __future__ import annotations

import pytest
import torch

from monai_app.core.random import scoped_torch_seed
from monai_app.networks.encoders.film import FilmEncoder
from monai_app.networks.generation.film_features import FilmFeatures


@pytest.fixture(scope="module")
def encoder() -> FilmEncoder:
    with scoped_torch_seed("features"):
        return FilmEncoder("densenet_narrow", width=8)


def test_maps_are_those_after_each_dense_block(encoder: FilmEncoder) -> None:
    maps = FilmFeatures(encoder, stages=(1, 3))(torch.rand(2, 1, 64, 64))
    assert [tuple(stage.shape[2:]) for stage in maps] == [(16, 16), (4, 4)]
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def test_the_pooled_vector_is_what_the_encoder_projects(encoder: FilmEncoder) -> None:
    film = torch.rand(2, 1, 64, 64)
    pooled = FilmFeatures(encoder).pooled(film)
    assert torch.allclose(encoder.project(pooled)[:, None], encoder(film), atol=1e-5)


def test_gradients_reach_the_film_through_the_frozen_network(encoder: FilmEncoder) -> None:
    film = torch.rand(1, 1, 64, 64, requires_grad=True)
    FilmFeatures(encoder)(film)[-1].sum().backward()
    assert film.grad is not None and bool(film.grad.abs().sum() > 0)


def test_an_encoder_without_dense_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match="denseblock1"):
        FilmFeatures(FilmEncoder("resnet18", width=8))
