"""In-place activations are worked around or refused; the network is put back as it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.explain.baselines import Baselines
from monai_app.explain.explanation import explain
from monai_app.explain.prepared import prepared
from monai_app.networks import MultimodalNetwork


class Film(nn.Module):
    """An encoder whose first step is an activation."""

    tokens, width = 1, 8

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(activation, nn.Flatten(), nn.Linear(32 * 32, 8))

    def forward(self, film: Tensor) -> Tensor:
        token: Tensor = self.layers(film)
        return token[:, None]


class HiddenInPlace(nn.Module):
    """Works in place without saying so."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(x.shape).sqrt_().mul_(2)


def with_film(network: MultimodalNetwork, encoder: nn.Module) -> MultimodalNetwork:
    network.encoders["film"] = encoder.eval()
    return network


def test_in_place_activations_give_the_same_map(
    build: Callable[..., MultimodalNetwork], spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    inputs["film"] = inputs["film"] - 0.5
    network = with_film(build(), Film(nn.ReLU(inplace=True)))
    found = explain(network, spec, inputs, "death", baselines=baselines)
    assert network.get_submodule("encoders.film.layers.0").inplace is True
    network.get_submodule("encoders.film.layers.0").inplace = False  # type: ignore[assignment]
    plain = explain(network, spec, inputs, "death", baselines=baselines)
    assert (inputs["film"] < 0).any() and (found.maps["film"].values == plain.maps["film"].values).all()


def test_hidden_in_place_operation_is_refused(
    build: Callable[..., MultimodalNetwork], spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    with pytest.raises(InputRejected, match="NOT_DIFFERENTIABLE"):
        explain(with_film(build(), Film(HiddenInPlace())), spec, inputs, "death", baselines=baselines)


def test_gradients_that_are_no_numbers_are_refused(
    build: Callable[..., MultimodalNetwork], spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    class Root(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x * 0).sqrt()

    with pytest.raises(InputRejected, match="GRADIENT_NOT_FINITE.*film"):
        explain(with_film(build(), Film(Root())), spec, inputs, "death", baselines=baselines)


def test_everything_is_put_back_after_a_failure(build: Callable[..., MultimodalNetwork]) -> None:
    network = with_film(build(), Film(nn.ReLU(inplace=True)))
    with pytest.raises(KeyError), prepared(network):
        assert not any(parameter.requires_grad for parameter in network.parameters())
        raise KeyError
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert network.get_submodule("encoders.film.layers.0").inplace is True
