"""Grad-CAM needs a feature map, also where activations work in place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.core.random import scoped_torch_seed
from monai_app.explain.baselines import Baselines
from monai_app.explain.explanation import explain
from monai_app.explain.methods import Method
from monai_app.networks import MultimodalNetwork
from monai_app.networks.encoders import FilmEncoder


@pytest.mark.parametrize("backbone", ["densenet_narrow", "resnet18"])
def test_map_has_the_size_of_the_film_and_others_get_gradients(
    backbone: str,
    build: Callable[..., MultimodalNetwork],
    spec: ModelSpec,
    inputs: dict[str, Tensor],
    baselines: Baselines,
) -> None:
    network = build()
    with scoped_torch_seed(0, "film"):
        network.encoders["film"] = FilmEncoder(backbone, width=8).eval()
    film = inputs | {"film": torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))}
    found = explain(network, spec, film, "death", method=Method.GRAD_CAM, baselines=baselines)
    assert found.maps["film"].values.shape == (64, 64) and found.maps["film"].values.std() > 0
    assert {name: made.method for name, made in found.maps.items()} == {
        "film": "grad_cam",
        **dict.fromkeys(("series", "table", "note"), "integrated_gradients"),
    }
    assert sum("maps images only" in text for text in found.warnings) == 3


def test_encoder_without_a_feature_map_is_refused(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    with pytest.raises(InputRejected, match="NO_FEATURE_MAP"):
        explain(network, spec, inputs, "death", method=Method.GRAD_CAM, baselines=baselines)
