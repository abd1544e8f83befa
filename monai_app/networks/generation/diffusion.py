"""The denoiser of latents: MONAI's DiffusionModelUNet with cross-attention on the tokens of the condition.

Its forward pass is a training step's: noise, times and what is forgotten come with the batch, drawn a sample by seed,
so that the network itself draws nothing but dropout. Arithmetic on latents and times stays float32 under autocast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from monai.networks.utils import pixelshuffle, pixelunshuffle
from torch import Tensor, nn

from monai_app.networks.generation.condition import ConditionEncoder, label_columns
from monai_app.networks.generation.process import FlowProcess, Process
from monai_app.networks.statistics import copy_statistic


@dataclass
class Denoised:
    """What a training step says of a batch.

    Attributes:
        velocity: predicted, ``(B, C, ...)``.
        target: what should have been predicted.
        noise_share: share of the variance that is noise, ``(B,)``.
        blinded: prediction under EHR tokens that are noise, where the contrast is trained.
        labels: logits of the label columns from the EHR tokens ``(B, K)``, where they are trained.
        told: the columns' labels ``(B, K)``, NaN unknown, likewise.
    """

    velocity: Tensor
    target: Tensor
    noise_share: Tensor
    blinded: Tensor | None = None
    labels: Tensor | None = None
    told: Tensor | None = None


class ConditionedDiffusion(nn.Module):
    """Denoises latents ``(B, C, ...)`` under a condition.

    Args:
        condition: gives the tokens; its width is the U-Net's ``cross_attention_dim``.
        unet: ``(in_channels, out_channels) -> U-Net``.
        latent_channels: C.
        fold: cells a side of a latent that are channels inside the U-Net: a quarter of the work in 2D for fold 2.
        process: between image and noise; None takes rectified flow.
        previous: also condition on the latent of the film before, ``image_previous`` (DDL-CXR, NeurIPS 2024).
        auxiliary: also predict the labels from the EHR tokens.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(
        self,
        condition: ConditionEncoder,
        unet: Callable[..., nn.Module],
        *,
        latent_channels: int = 4,
        spatial_dims: int = 2,
        fold: int = 1,
        process: Process | None = None,
        previous: bool = False,
        auxiliary: bool = False,
    ) -> None:
        super().__init__()
        self.condition, self.previous = condition, previous
        self.process: Process = FlowProcess() if process is None else process
        self.spatial_dims, self.fold = spatial_dims, fold
        seen = 2 * latent_channels + 1 if previous else latent_channels
        self.unet = unet(in_channels=seen * fold**spatial_dims, out_channels=latent_channels * fold**spatial_dims)
        columns = len(condition.columns)
        self.label_head = nn.Linear(condition.width, columns) if auxiliary and columns else None
        self.register_buffer("latent_mean", torch.zeros(latent_channels))
        self.register_buffer("latent_std", torch.ones(1))

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Take ``latent_mean`` (C,) and ``latent_std`` (1,), and what the encoders need."""
        copy_statistic(self.latent_mean, statistics["latent_mean"])
        copy_statistic(self.latent_std, statistics["latent_std"])
        self.condition.set_statistics(statistics)

    def scaled(self, latent: Tensor) -> Tensor:
        """An autoencoder's latent with zero mean and unit deviation: the scale factor is 1 / ``latent_std``."""
        return (latent - self._mean(latent)) / self.latent_std

    def unscaled(self, state: Tensor) -> Tensor:
        """What the autoencoder decodes."""
        return state * self.latent_std + self._mean(state)

    def velocity(self, state: Tensor, times: Tensor, tokens: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """Predicted velocity of states ``(B, C, ...)`` at times ``(B,)`` of 0..1000."""
        if self.previous:
            state = torch.cat([state, *self._before(state, inputs)], dim=1)
        folded = pixelunshuffle(state, self.spatial_dims, self.fold) if self.fold > 1 else state
        predicted: Tensor = self.unet(x=folded, timesteps=times, context=tokens)
        return (pixelshuffle(predicted, self.spatial_dims, self.fold) if self.fold > 1 else predicted).float()

    def forward(self, inputs: Mapping[str, Tensor]) -> Denoised:
        """A training step of ``image_latent`` with ``image_noise``, ``image_time`` and ``image_dropped``."""
        clean, times = self.scaled(inputs["image_latent"]), inputs["image_time"].reshape(-1)
        with torch.autocast(clean.device.type, enabled=False):
            noisy, steps, target = self.process.noisy(clean, inputs["image_noise"], times)
        tokens = self.condition(inputs, inputs.get("image_dropped"))
        output = Denoised(self.velocity(noisy, steps, tokens, inputs), target, self.process.noise_share(times))
        if "image_blind" in inputs:
            blind = torch.cat([inputs["image_blind"], tokens[:, self.condition.ehr_tokens :]], dim=1)
            output.blinded = self.velocity(noisy, steps, blind, inputs)
        if self.label_head is not None:
            told = [inputs[f"label_{task.name}"] for task in self.condition.tasks]
            output.labels = self.label_head(tokens[:, : self.condition.ehr_tokens].mean(dim=1))
            output.told = self._label_columns(told)
        return output

    def _label_columns(self, labels: list[Tensor]) -> Tensor:
        return torch.cat(
            [label_columns(task, label) for task, label in zip(self.condition.tasks, labels, strict=True)], dim=1
        )

    def _before(self, state: Tensor, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """The film before, scaled, and whether there is one, as channels."""
        there = inputs.get("image_previous_present")
        flat = (len(state), 1, *(1 for _ in state.shape[2:]))
        bits = state.new_zeros(flat) if there is None else there.to(state.dtype).reshape(flat)
        dropped = inputs.get("image_dropped")
        if dropped is not None:
            bits = bits * (~dropped.bool()).to(state.dtype).reshape(flat)
        film = torch.zeros_like(state) if there is None else self.scaled(inputs["image_previous"]).where(bits > 0, 0.0)
        return [film, bits.expand(len(state), 1, *state.shape[2:])]

    def _mean(self, latent: Tensor) -> Tensor:
        return self.latent_mean.reshape(1, -1, *(1 for _ in latent.shape[2:]))
