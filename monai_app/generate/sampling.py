"""Drawing latents: each sample from its own seed, few steps, with or without guidance, the network alone in bf16.

Guidance is Ho and Salimans' w (2021): velocity = (1 + w) told - w untold. 0 draws from the condition as it was learned
and runs the network once a step; larger numbers follow the condition more closely than the data do, and vary less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from monai_app.core.errors import InputRejected
from monai_app.networks.generation import ConditionedDiffusion, Sampler
from monai_app.networks.generation.process import TRAIN_STEPS

MOST_GUIDANCE = 50.0


@dataclass(frozen=True)
class Drawing:
    """How samples are drawn.

    Attributes:
        steps: of the sampler, 1 to 1000.
        guidance: w, 0 to 50.
        sampler: ``flow``, ``ddim`` or ``ddpm``; it must belong to the process that the network was trained with.
        bf16: whether the network computes in bf16; latents and times never do.

    Raises:
        InputRejected: ``GUIDANCE_INVALID``, ``STEPS_INVALID``, ``SAMPLER_UNKNOWN``.
    """

    steps: int = 10
    guidance: float = 0.0
    sampler: str = "flow"
    bf16: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.guidance) and 0 <= self.guidance <= MOST_GUIDANCE):
            raise InputRejected(
                "GUIDANCE_INVALID",
                "the guidance is no number that can be used",
                got=self.guidance,
                expected=f"0 (as learned) to {MOST_GUIDANCE:g}",
            )
        if not 1 <= self.steps <= TRAIN_STEPS:
            raise InputRejected(
                "STEPS_INVALID",
                "the number of steps cannot be drawn in",
                got=self.steps,
                expected=f"1 to {TRAIN_STEPS}",
            )
        if self.sampler not in list(Sampler):
            raise InputRejected(
                "SAMPLER_UNKNOWN",
                "there is no such sampler",
                got=self.sampler,
                expected=[name.value for name in Sampler],
            )


@torch.inference_mode()
def draw_latents(
    network: ConditionedDiffusion,
    inputs: Mapping[str, Tensor],
    shape: Sequence[int],
    seeds: Sequence[int],
    drawing: Drawing,
) -> Tensor:
    """One latent ``(B, C, ...)`` a row of ``inputs``, as the autoencoder decodes it.

    Args:
        network: in evaluation mode.
        inputs: condition of each row; what is missing is not told.
        shape: of a latent, (C, ...).
        seeds: of each row; a row's sample depends on nothing else of its batch but rounding.

    Raises:
        InputRejected: ``SAMPLER_MISFIT``; ``STEPS_INVALID`` for DDPM in other than 1000 steps.
    """
    sampler = Sampler(drawing.sampler)
    if sampler not in network.process.samplers:
        raise InputRejected(
            "SAMPLER_MISFIT",
            "the sampler does not belong to the process that the network was trained with",
            got=sampler.value,
            expected=[name.value for name in network.process.samplers],
        )
    if sampler is Sampler.DDPM and drawing.steps != TRAIN_STEPS:
        raise InputRejected(
            "STEPS_INVALID",
            "DDPM goes back one step at a time",
            got=drawing.steps,
            expected=f"{TRAIN_STEPS} steps, or ddim",
        )
    device = network.latent_std.device
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    state = torch.stack([torch.randn(tuple(shape), generator=generator) for generator in generators]).to(device)
    tokens = network.condition(inputs, inputs.get("image_dropped"))
    guided = drawing.guidance > 0
    if guided:
        tokens = torch.cat([tokens, network.condition.null_tokens(len(tokens))])
    for step in network.process.backward(sampler, drawing.steps):
        velocity = _velocity(network, state, step.now, tokens, inputs, drawing)
        state = step(velocity, state, generators)
    return network.unscaled(state)


def _velocity(
    network: ConditionedDiffusion,
    state: Tensor,
    now: int,
    tokens: Tensor,
    inputs: Mapping[str, Tensor],
    drawing: Drawing,
) -> Tensor:
    doubled = len(tokens) // len(state)
    times = torch.full((len(tokens),), float(now), device=state.device)
    rows = {key: value.repeat(doubled, *(1 for _ in value.shape[1:])) for key, value in inputs.items()
            if key.startswith("image_previous")} if network.previous else {}  # fmt: skip
    if rows and doubled == 2:
        told = torch.arange(len(tokens), device=state.device) < len(state)
        rows["image_previous_present"] = rows["image_previous_present"].bool().reshape(-1) & told
    with torch.autocast(state.device.type, dtype=torch.bfloat16, enabled=drawing.bf16):
        velocity = network.velocity(state.repeat(doubled, *(1 for _ in state.shape[1:])), times, tokens, rows)
    if doubled == 1:
        return velocity
    told_velocity, untold = velocity.chunk(2)
    return told_velocity + drawing.guidance * (told_velocity - untold)
