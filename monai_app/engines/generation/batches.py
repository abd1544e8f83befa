"""Batches of generative trainings: an image and itself; a latent with its noise, its condition and its labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from monai_app.engines.batches import IMAGE, REJECTED, moved_batch, plain_tensor

FILM = "film"


def prepare_reconstruction_batch(
    batch: Mapping[str, Any], device: str | torch.device | None = None, non_blocking: bool = False, **_: Any
) -> tuple[Tensor, Tensor]:
    """MONAI's ``prepare_batch``: (image, image), films or volumes, on the device.

    Raises:
        AppError: the typed error of a sample that could not be preprocessed.
    """
    if REJECTED in batch:
        raise batch[REJECTED]
    image = plain_tensor(batch[IMAGE if IMAGE in batch else FILM]).to(device, non_blocking=non_blocking)
    return image, image


def prepare_diffusion_batch(
    batch: Mapping[str, Any], device: str | torch.device | None = None, non_blocking: bool = False, **_: Any
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """MONAI's ``prepare_batch``: (inputs, targets) on the device.

    Inputs are everything that was batched, the labels with it (they are part of the condition); targets the labels.

    Raises:
        AppError: the typed error of a sample that could not be preprocessed.
    """
    moved = moved_batch(batch, device, non_blocking)
    return moved, {key: value for key, value in moved.items() if key.startswith("label_")}
