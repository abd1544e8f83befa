"""Processes between image and noise: with the true direction known, every sampler finds the image again."""

from __future__ import annotations

import pytest
import torch

from monai_app.core.random import torch_generator
from monai_app.networks.generation import DiffusionProcess, FlowProcess, Sampler

CLEAN = torch.linspace(-2, 2, 2 * 3 * 4).reshape(2, 3, 2, 2)
NOISE = torch.randn(CLEAN.shape, generator=torch_generator("noise"))


@pytest.mark.parametrize("steps", [1, 3, 7, 10, 1000])
def test_the_flow_s_steps_add_up_to_the_whole_way(steps: int) -> None:
    process, state = FlowProcess(), NOISE.clone()
    for step in process.backward(Sampler.FLOW, steps):
        state = step(CLEAN - NOISE, state, [])
    assert torch.allclose(state, CLEAN, atol=1e-4)


@pytest.mark.parametrize("steps", [7, 10, 50])
def test_ddim_finds_the_image_when_told_the_true_velocity(steps: int) -> None:
    process, state = DiffusionProcess(), NOISE.clone()
    first = True
    for step in process.backward(Sampler.DDIM, steps):
        times = torch.full((2,), step.now / 1000 + 1e-6)
        if first:
            state, first = process.noisy(CLEAN, NOISE, times)[0], False
        velocity = process.noisy(CLEAN, NOISE, times)[2]
        state = step(velocity, state, [])
    assert torch.allclose(state, CLEAN, atol=1e-3)


def test_ddpm_draws_each_sample_from_its_own_generator() -> None:
    process = DiffusionProcess()
    step = next(iter(process.backward(Sampler.DDPM, 10)))
    velocity = torch.zeros_like(NOISE)
    both = step(velocity, NOISE, [torch_generator(0), torch_generator(1)])
    alone = step(velocity[1:], NOISE[1:], [torch_generator(1)])
    assert torch.allclose(both[1:], alone)
    assert not torch.allclose(both[1:], step(velocity[1:], NOISE[1:], [torch_generator(2)]))


@pytest.mark.parametrize("process", [FlowProcess(), DiffusionProcess()])
def test_noise_grows_from_image_to_noise(process: FlowProcess | DiffusionProcess) -> None:
    shares = process.noise_share(torch.tensor([0.001, 0.5, 0.999]))
    assert shares[0] < 0.01 and shares[2] > 0.95 and bool((shares.diff() > 0).all())
    near, steps, _ = process.noisy(CLEAN, NOISE, torch.tensor([0.001, 0.001]))
    assert torch.allclose(near, CLEAN, atol=0.2) and steps.dtype is torch.float32
