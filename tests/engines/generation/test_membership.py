"""Membership inference on a diffusion: one that has memorised gives members away, the control knows a scale only."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.generation.membership import NOISES, TIMES, Errors, denoising_errors, draws, scaling_errors
from monai_app.generate.privacy.membership import membership
from monai_app.networks.generation import ConditionedDiffusion
from monai_app.networks.generation.process import FlowProcess

SHAPE = (4, 4, 4)


class Memory(torch.nn.Module):
    """Denoises to the nearest of the latents that it knows, or by a scale where it knows none."""

    process = FlowProcess()

    def __init__(self, known: Tensor | None = None) -> None:
        super().__init__()
        self.known, self.unused = known, torch.nn.Parameter(torch.zeros(1))

    def scaled(self, latent: Tensor) -> Tensor:
        return latent

    def condition(self, inputs: Any) -> None:
        return None

    def velocity(self, state: Tensor, times: Tensor, tokens: Any, inputs: Any) -> Tensor:
        time = times.reshape(-1, 1, 1, 1) / 1000
        scale = (1 - 2 * time) / ((1 - time) ** 2 + time**2)
        if self.known is None:
            return cast(Tensor, scale * state)
        distance = torch.cdist(state.flatten(1), self.known.flatten(1) * (1 - time[0, 0, 0]))
        guess = self.known[distance.argmin(dim=1)]
        return cast(Tensor, guess - (state - (1 - time) * guess) / time)


def errors(network: Memory, latents: Tensor, batch_size: int = 100) -> Errors:
    items = [{"image_latent": latent.numpy()} for latent in latents]
    loader = sample_loader(SampleDataset(items, lambda item: dict(item)), batch_size=batch_size)
    return denoising_errors(cast(ConditionedDiffusion, network), loader)


LATENTS = torch.randn(400, *SHAPE, generator=torch.Generator().manual_seed(0))
IN, OUT = LATENTS[:200], LATENTS[200:]


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    subjects = (np.arange(len(inside)), 100 + np.arange(len(outside)))
    told = membership(inside.mean(axis=1), outside.mean(axis=1), subjects=subjects, resamples=0)
    return float(told["auroc"]["value"])


def test_a_denoiser_that_memorised_its_films_is_found_and_one_that_learned_a_scale_is_not() -> None:
    memory, innocent = Memory(IN), Memory()
    assert auroc(errors(memory, IN).network, errors(memory, OUT).network) > 0.95
    assert 0.3 < auroc(errors(innocent, IN).network, errors(innocent, OUT).network) < 0.7


def test_the_control_is_the_best_multiple_of_the_noisy_latent() -> None:
    inside, outside = errors(Memory(), IN), errors(Memory(), OUT)
    control = np.concatenate(scaling_errors(inside, outside))
    network = np.concatenate([inside.network, outside.network])
    assert (control.mean(axis=0) <= network.mean(axis=0) + 1e-6).all()
    assert control.mean() == pytest.approx(network.mean(), rel=0.05)


def test_every_film_meets_the_same_draws_whatever_its_batch() -> None:
    one, many = errors(Memory(), IN, batch_size=1), errors(Memory(), IN, batch_size=200)
    assert np.allclose(one.network, many.network) and one.network.shape == (200, len(TIMES) * NOISES)
    first, again = draws(SHAPE), draws(SHAPE)
    assert all(a[0] == b[0] and torch.equal(a[1], b[1]) for a, b in zip(first, again, strict=True))
