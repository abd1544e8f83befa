"""The film encoders' shapes."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from monai_app.cohort.spec import FilmSpec, ModalitySpec, ModelSpec, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.networks.encoders import FilmEncoder, default_encoders
from monai_app.networks.encoders.film import MIN_FILM_PX


@pytest.mark.parametrize(
    ("backbone", "pool", "tokens"),
    [("resnet34", "mean", 1), ("densenet121", "grid", 49), ("densenet_narrow", "mean", 1)],
)
def test_a_film_becomes_tokens(backbone: str, pool: Literal["mean", "grid"], tokens: int) -> None:
    encoder = FilmEncoder(backbone, width=16, pool=pool).eval()
    with torch.no_grad():
        assert encoder(torch.zeros(2, 1, 224, 224)).shape == (2, tokens, 16)


def test_an_unknown_backbone_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="densenet121.*got 'vgg'"):
        FilmEncoder("vgg")


@pytest.mark.parametrize("backbone", ["resnet18", "densenet121", "densenet_narrow"])
def test_a_training_batch_may_hold_a_single_film_of_the_least_size(backbone: str) -> None:
    encoder = FilmEncoder(backbone, width=16, size_px=MIN_FILM_PX).train()
    tokens = encoder(torch.rand(1, 1, MIN_FILM_PX, MIN_FILM_PX, generator=torch.Generator().manual_seed(0)))
    tokens.square().sum().backward()
    assert all(torch.isfinite(buffer).all() for buffer in encoder.buffers())
    assert all(torch.isfinite(parameter.grad).all() for parameter in encoder.parameters())


@pytest.mark.parametrize("backbone", ["densenet121_group", "densenet_narrow_group"])
def test_with_group_norm_a_film_does_not_depend_on_the_others_of_a_training_batch(backbone: str) -> None:
    encoder = FilmEncoder(backbone, width=16, size_px=MIN_FILM_PX).train()
    films = torch.rand(3, 1, MIN_FILM_PX, MIN_FILM_PX, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(encoder(films)[:1], encoder(films[:1]), rtol=1e-3, atol=1e-4)
    assert not list(encoder.buffers())


def test_films_that_shrink_to_one_cell_are_refused_before_training() -> None:
    task = TaskSpec(name="finding", kind="binary")
    spec = ModelSpec(modalities=ModalitySpec(film=FilmSpec(size_px=32)), tasks=(task,))
    with pytest.raises(InputRejected, match="FILM_TOO_SMALL.*32 px.*>= 64 px"):
        default_encoders(spec, film="resnet18")
