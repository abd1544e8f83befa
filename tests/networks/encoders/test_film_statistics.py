"""Picture statistics: fixed, about the film alone, and indifferent to its neighbours in the batch."""

from __future__ import annotations

import pytest
import torch

from monai_app.networks.encoders.film_statistics import FilmStatisticsEncoder, film_statistics


@pytest.fixture
def films() -> torch.Tensor:
    return torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(0))


def test_a_film_becomes_one_token(films: torch.Tensor) -> None:
    assert FilmStatisticsEncoder(width=16)(films).shape == (3, 1, 16)


def test_a_film_alone_and_in_a_batch_say_the_same(films: torch.Tensor) -> None:
    torch.testing.assert_close(film_statistics(films)[1:2], film_statistics(films[1:2]), rtol=0, atol=0)


def test_a_blank_film_is_finite() -> None:
    assert torch.isfinite(film_statistics(torch.zeros(1, 1, 64, 64))).all()


@pytest.mark.parametrize(("horizontal", "strongest"), [(True, 0), (False, 4)])
def test_a_ramp_has_the_orientation_of_its_gradient(horizontal: bool, strongest: int) -> None:
    ramp = torch.linspace(0, 1, 64).expand(64, 64)
    film = (ramp if horizontal else ramp.T)[None, None]
    orientations = film_statistics(film)[0, : 8 * 64].reshape(8, 64)
    assert (orientations.argmax(dim=0) == strongest).all()
