"""From image to noise and back: MONAI's rectified flow, DDPM and DDIM behind one interface.

A process has times u in (0, 1), from image to noise. The network always predicts a direction ("velocity"): of the flow
``x0 - noise`` (Liu et al., ICLR 2023), of the diffusion ``v = sqrt(abar) noise - sqrt(1 - abar) x0`` (Salimans and Ho,
ICLR 2022). All times stay float32 or whole numbers: RFlowScheduler keeps fractional ones as float16 and truncates the
next one, so that its steps would not add up to one. DDIMScheduler's own times lie 999 / (n - 1) apart while its steps
go back by 1000 // n; here they are the multiples of the latter. DDPMScheduler always goes back by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

import torch
from monai.networks.schedulers import DDIMScheduler, DDPMScheduler, RFlowScheduler
from torch import Tensor

TRAIN_STEPS = 1000
"""Times are handed to the network as u times this, whatever the number of steps."""


class Sampler(StrEnum):
    """How images are drawn."""

    FLOW = "flow"
    DDIM = "ddim"
    DDPM = "ddpm"


class Process(Protocol):
    """What training and drawing need of a process."""

    @property
    def samplers(self) -> tuple[Sampler, ...]:
        """What draws from a network of this process."""
        ...

    def noisy(self, clean: Tensor, noise: Tensor, times: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Noisy latent, time for the network ``(B,)`` and the velocity to be predicted."""
        ...

    def noise_share(self, times: Tensor) -> Tensor:
        """``1 - abar`` at times ``(B,)``: the share of the variance that is noise."""
        ...

    def backward(self, sampler: Sampler, steps: int) -> Iterator[Step]:
        """The steps from noise to image; of DDPM all of them."""
        ...


class Step:
    """One step from noise towards the image."""

    def __init__(self, scheduler: RFlowScheduler | DDIMScheduler | DDPMScheduler, now: int, after: int) -> None:
        self.scheduler, self.now, self.after = scheduler, now, after

    def __call__(self, velocity: Tensor, state: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
        """The state ``(B, ...)`` after the step; only DDPM draws, each sample from its own generator."""
        if isinstance(self.scheduler, RFlowScheduler):
            return self.scheduler.step(velocity, self.now, state, self.after)[0]
        if isinstance(self.scheduler, DDIMScheduler):
            return self.scheduler.step(velocity, self.now, state)[0]
        rows = range(len(state))
        moved = [
            self.scheduler.step(velocity[i : i + 1].cpu(), self.now, state[i : i + 1].cpu(), generator=generators[i])[0]
            for i in rows
        ]
        return torch.cat(moved).to(state.device)


class FlowProcess:
    """Rectified flow: straight lines between image and noise.

    The scheduler is made anew for each use: MONAI 1.6's is a Module that was never initialised as one, and what walks
    over the attributes of a network (a training's identity) would fail on it.
    """

    samplers = (Sampler.FLOW,)

    @property
    def scheduler(self) -> RFlowScheduler:
        """MONAI's, with whole times, which its steps need."""
        return RFlowScheduler(num_train_timesteps=TRAIN_STEPS, use_discrete_timesteps=True)

    def noisy(self, clean: Tensor, noise: Tensor, times: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See :class:`Process`."""
        steps = times.float() * TRAIN_STEPS
        return self.scheduler.add_noise(clean, noise, steps), steps, clean - noise

    def noise_share(self, times: Tensor) -> Tensor:
        """See :class:`Process`; the image's coefficient is 1 - u."""
        return 1.0 - (1.0 - times).square()

    def backward(self, sampler: Sampler, steps: int) -> Iterator[Step]:
        """See :class:`Process`."""
        scheduler = self.scheduler
        scheduler.set_timesteps(steps)
        for now, after in pairwise([*map(int, scheduler.timesteps.tolist()), 0]):
            yield Step(scheduler, now, after)


class DiffusionProcess:
    """Variance-preserving diffusion with velocity prediction, drawn by DDIM (eta 0) or DDPM.

    Args:
        schedule: MONAI's name of the noise schedule.
    """

    samplers = (Sampler.DDIM, Sampler.DDPM)

    def __init__(self, schedule: str = "scaled_linear_beta") -> None:
        self.ddpm = DDPMScheduler(TRAIN_STEPS, schedule, clip_sample=False, prediction_type="v_prediction")
        self.ddim = DDIMScheduler(TRAIN_STEPS, schedule, clip_sample=False, prediction_type="v_prediction")

    def noisy(self, clean: Tensor, noise: Tensor, times: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See :class:`Process`."""
        steps = self._steps(times)
        return self.ddpm.add_noise(clean, noise, steps), steps.float(), self.ddpm.get_velocity(clean, noise, steps)

    def noise_share(self, times: Tensor) -> Tensor:
        """See :class:`Process`."""
        return 1.0 - self.ddpm.alphas_cumprod.to(times.device)[self._steps(times)]

    def backward(self, sampler: Sampler, steps: int) -> Iterator[Step]:
        """See :class:`Process`."""
        scheduler = self.ddim if sampler is Sampler.DDIM else self.ddpm
        scheduler.set_timesteps(steps)
        apart = TRAIN_STEPS // steps
        for now in range((steps - 1) * apart, -1, -apart):
            yield Step(scheduler, now, max(now - apart, 0))

    @staticmethod
    def _steps(times: Tensor) -> Tensor:
        return (times.float() * TRAIN_STEPS).long().clamp(0, TRAIN_STEPS - 1)
