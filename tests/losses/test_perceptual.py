"""The perceptual distance: zero for equal images, symmetric, blind to the scale of features, frozen."""

from __future__ import annotations

import torch
from torch import nn

from monai_app.core.random import scoped_torch_seed
from monai_app.losses.perceptual import PerceptualDistance


class Stages(nn.Module):
    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        with scoped_torch_seed("stages"):
            self.layers = nn.ModuleList([nn.Conv2d(1, 3, 3), nn.Conv2d(1, 4, 5)])
        self.norm, self.factor = nn.BatchNorm2d(1), factor

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [self.factor * layer(self.norm(image)) for layer in self.layers]


def test_it_is_a_distance() -> None:
    image, other = torch.rand(2, 2, 1, 8, 8)
    distance = PerceptualDistance(Stages())
    assert float(distance(image, image)) == 0
    assert float(distance(image, other)) > 0
    assert torch.allclose(distance(image, other), distance(other, image))
    assert torch.allclose(distance(image, other), PerceptualDistance(Stages(factor=7.0))(image, other), atol=1e-5)


def test_features_stay_as_they_are_in_training() -> None:
    distance = PerceptualDistance(Stages()).train()
    assert distance.training and not distance.features.training  # type: ignore[attr-defined]
    image = torch.rand(1, 1, 8, 8, requires_grad=True)
    distance(image, torch.rand(1, 1, 8, 8)).backward()
    assert image.grad is not None and all(parameter.grad is None for parameter in distance.parameters())
