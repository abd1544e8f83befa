"""The autoencoder's loss: its terms, and an adversary that learns apart from whom it judges."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from monai.networks.nets import PatchDiscriminator
from torch import Tensor

from monai_app.core.random import scoped_torch_seed
from monai_app.losses.autoencoder import AutoencoderLoss, divergence


@dataclass
class Output:
    image: Tensor
    mean: Tensor
    spread: Tensor


def output(image: Tensor) -> Output:
    return Output(image, torch.zeros(len(image), 1, 2, 2), torch.ones(len(image), 1, 2, 2))


def discriminator() -> PatchDiscriminator:
    with scoped_torch_seed("discriminator"):
        return PatchDiscriminator(2, 4, in_channels=1, num_layers_d=1, norm="INSTANCE")


def test_a_unit_gaussian_has_no_divergence_and_every_other_has() -> None:
    unit = torch.zeros(3, 2, 4), torch.ones(3, 2, 4)
    assert float(divergence(*unit)) == 0
    assert float(divergence(unit[0] + 1, unit[1])) == pytest.approx(0.5 * 8)
    assert float(divergence(unit[0], 2 * unit[1])) > 0 and float(divergence(unit[0], unit[1] / 2)) > 0


def test_without_other_terms_it_is_the_mean_absolute_error() -> None:
    image = torch.rand(2, 1, 4, 4)
    assert float(AutoencoderLoss()(output(image + 0.25), image)) == pytest.approx(0.25)
    weighted = AutoencoderLoss(perceptual=torch.nn.L1Loss(), perceptual_weight=2.0)
    assert float(weighted(output(image + 0.25), image)) == pytest.approx(0.75)


def test_the_adversary_waits_for_its_warm_up_and_its_count_is_state() -> None:
    loss = AutoencoderLoss(discriminator=discriminator(), warmup_steps=2)
    image, drawn = torch.rand(2, 2, 1, 16, 16)
    values = [loss(output(drawn), image).item() for _ in range(3)]
    assert values[0] == values[1] < values[2]
    resumed = AutoencoderLoss(discriminator=discriminator(), warmup_steps=2)
    resumed.load_state_dict(loss.state_dict())
    assert resumed(output(drawn), image).item() == values[2]
    assert int(loss.eval().steps) == 3 and loss(output(drawn), image).item() and int(loss.steps) == 3


def test_the_network_is_pushed_to_fool_and_the_adversary_to_tell_apart() -> None:
    judge = discriminator()
    loss = AutoencoderLoss(discriminator=judge, warmup_steps=0, adversarial_weight=1.0)
    image, drawn = torch.rand(2, 2, 1, 16, 16)
    drawn.requires_grad_()

    def misjudged() -> float:
        with torch.no_grad():
            return float(judge(drawn)[-1].square().mean() + (judge(image)[-1] - 1).square().mean())

    before = misjudged()
    loss(output(drawn), image).backward()
    assert drawn.grad is not None
    with torch.no_grad():
        fooled = drawn - 0.1 * (drawn.grad - (drawn - image).sign() / drawn.numel())
        assert float((judge(fooled)[-1] - 1).square().mean()) < float((judge(drawn)[-1] - 1).square().mean())
        for parameter in judge.parameters():
            assert parameter.grad is not None
            parameter -= 0.01 * parameter.grad
    assert misjudged() < before
