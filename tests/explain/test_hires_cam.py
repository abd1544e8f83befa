from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from monai_app.core.errors import InputRejected
from monai_app.core.random import scoped_torch_seed
from monai_app.explain.case import OpenCase
from monai_app.explain.hires_cam import finer_layer, hires_cam
from monai_app.explain.methods import Method
from monai_app.networks.encoders import FilmEncoder


def test_encoder_without_a_feature_map_is_refused(case: OpenCase) -> None:
    with pytest.raises(InputRejected, match="NO_FEATURE_MAP"):
        hires_cam(case, case.view("film"))


@pytest.mark.parametrize("backbone", ["densenet_narrow", "resnet18"])
def test_the_layer_has_twice_the_side_of_the_last_one(backbone: str) -> None:
    with scoped_torch_seed(0):
        encoder = FilmEncoder(backbone, width=4, size_px=64).eval()
    film = torch.rand(1, 1, 64, 64)
    layer = finer_layer(encoder.features, lambda: encoder(film))
    seen: list[int] = []
    layer.register_forward_hook(lambda *told: seen.append(told[2].shape[-1]))
    with torch.no_grad():
        last = encoder.feature_maps(film).shape[-1]
    assert seen == [2 * last]


def test_a_trunk_of_one_resolution_is_taken_itself() -> None:
    trunk = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1))
    assert finer_layer(trunk, lambda: trunk(torch.zeros(1, 1, 8, 8))) is trunk


def test_map_is_the_gradient_times_the_feature_map(opened: Callable[..., OpenCase], case: OpenCase) -> None:
    """With a linear readout of a trunk of one resolution the map adds up to the score's linear part."""

    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(nn.Conv2d(1, 3, 1), nn.Conv2d(3, 2, 1))

        def forward(self, film: torch.Tensor) -> torch.Tensor:
            return self.features(film).mean(dim=(2, 3))

    with scoped_torch_seed(0):
        encoder = Linear()
    weights = torch.tensor([1.0, -2.0])
    view = case.view("film")

    class Stub:
        def feature_map(self, name: str) -> nn.Module:
            return encoder.features

        def scorer(self, name: str) -> Callable[[torch.Tensor], torch.Tensor]:
            return lambda x: encoder(x) @ weights

        def encoder(self, name: str) -> nn.Module:
            return encoder

    found = hires_cam(Stub(), replace(view)).values  # type: ignore[arg-type]
    with torch.no_grad():
        score = float((encoder(view.assemble(view.original)) @ weights)[0])
    assert float(found.sum()) == pytest.approx(score, rel=1e-4)


def test_other_modalities_get_integrated_gradients() -> None:
    assert Method.HIRES_CAM.of("series") is Method.INTEGRATED_GRADIENTS
    assert Method.HIRES_CAM.of("film") is Method.HIRES_CAM
    assert np.all([method.of("film") is method for method in Method])
