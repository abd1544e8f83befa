"""Rounding is asked for by the processor and allowed by the gradients; the network is left as it was."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monai_app.core.random import scoped_torch_seed
from monai_app.explain import rounding
from monai_app.explain.path_integral import Path
from monai_app.explain.rounding import rounded, rounding_cosine, trunk_of
from monai_app.networks.encoders import FilmEncoder


@pytest.fixture(scope="module")
def encoder() -> FilmEncoder:
    with scoped_torch_seed(0, "rounding"):
        return FilmEncoder("densenet_narrow", width=4).eval().requires_grad_(False)


def films() -> tuple[Tensor, Tensor]:
    film = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(0))
    return film * 0.5, film


def test_only_image_encoders_have_a_trunk(encoder: FilmEncoder) -> None:
    assert trunk_of(encoder) is encoder.features and trunk_of(nn.Linear(1, 1)) is None


def test_rounded_trunk_gives_float32_that_differs_a_little_and_is_undone(encoder: FilmEncoder) -> None:
    film = films()[1][None]
    exact = encoder(film)
    with rounded(encoder.features):
        other = encoder(film)
    assert other.dtype == torch.float32 and not torch.equal(other, exact)
    torch.testing.assert_close(other, exact, rtol=0.1, atol=0.05)
    assert torch.equal(encoder(film), exact)


@pytest.mark.parametrize("able", [True, False])
def test_gradients_are_compared_where_the_processor_can(
    able: bool, encoder: FilmEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounding, "has_bf16", lambda device: able)
    path = Path(lambda x: encoder(x[:, None]).sum(dim=(1, 2)), *films(), batch=4)
    path.visit(np.linspace(0, 1, 5))
    cosine = rounding_cosine(encoder.features, path)
    assert (cosine is None) != able and (cosine is None or 0.8 < cosine < 1) and len(path.places) == 5
    assert rounding_cosine(None, path) is None
    monkeypatch.setattr(rounding, "rounded", lambda trunk: nullcontext())
    if able:
        assert rounding_cosine(encoder.features, path) == pytest.approx(1)
