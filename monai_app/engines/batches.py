"""From samples to batches: plain tensors only, and a typed error that survives a worker process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from torch import Tensor

from monai_app.cohort.spec import Modality

REJECTED = "rejected"
"""Key under which a sample or batch carries the typed error that its preprocessing raised."""

ROW = "row"
"""Key of the row number of a sample within its split."""

IMAGE, LABEL = "image", "label"
"""Keys of a volume ``(C, I, J, K)`` and of its label map ``(1, I, J, K)``, as MONAI names them."""

_MODALITY_KEYS = tuple(modality.value for modality in Modality)
_PRESENCE_KEYS = tuple(f"{name}_present" for name in _MODALITY_KEYS)
_CORRUPTION_KEYS = tuple(f"{name}_corrupted" for name in _MODALITY_KEYS)


def is_batched(key: str) -> bool:
    """Whether a sample's entry goes into the batch; identifiers and groups stay behind with the dataset."""
    known = (*_MODALITY_KEYS, *_PRESENCE_KEYS, *_CORRUPTION_KEYS, IMAGE, LABEL, ROW)
    return key in known or key.startswith(("label_", "image_"))


def plain_tensor(value: Tensor) -> Tensor:
    """The tensor itself, without MONAI's metadata, which costs time in every operation."""
    return value.as_tensor() if isinstance(value, MetaTensor) else value


Sample = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""What a dataset gives for a row: one sample, or several patches of one volume."""


def collate_samples(rows: Sequence[Sample]) -> dict[str, Any]:
    """Stack samples into tensors ``(B, ...)``; when a sample was rejected, the batch is that rejection."""
    samples = [sample for row in rows for sample in ([row] if isinstance(row, Mapping) else row)]
    for sample in samples:
        if REJECTED in sample:
            return {REJECTED: sample[REJECTED]}
    keys = [key for key in samples[0] if is_batched(key)]
    return {key: _stacked([sample[key] for sample in samples]) for key in keys}


def _stacked(values: Sequence[Any]) -> Tensor:
    if isinstance(values[0], Tensor):
        return torch.stack([plain_tensor(value) for value in values])
    return torch.from_numpy(np.stack([np.asarray(value) for value in values]))


def moved_batch(
    batch: Mapping[str, Any], device: str | torch.device | None, non_blocking: bool = False
) -> dict[str, Tensor]:
    """All tensors of a batch but its row numbers, on the device.

    Raises:
        AppError: the typed error of a sample that could not be preprocessed.
    """
    if REJECTED in batch:
        raise batch[REJECTED]
    return {
        key: plain_tensor(value).to(device, non_blocking=non_blocking) for key, value in batch.items() if key != ROW
    }


def prepare_multimodal_batch(
    batch: Mapping[str, Any],
    device: str | torch.device | None = None,
    non_blocking: bool = False,
    **_: Any,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """MONAI's ``prepare_batch``: (inputs, targets) on the device.

    Returns:
        inputs: ``film``, ``series``, ``table``, ``note`` and their ``<m>_present``; targets: ``label_<task>``, the
        presence bits, which losses of per-modality heads need, and what a training corrupted (``<m>_corrupted``).

    Raises:
        AppError: the typed error of a sample that could not be preprocessed.
    """
    moved = moved_batch(batch, device, non_blocking)
    inputs = {key: value for key, value in moved.items() if key in _MODALITY_KEYS or key in _PRESENCE_KEYS}
    targets = {key: value for key, value in moved.items() if key not in _MODALITY_KEYS}
    return inputs, targets


def prepare_volume_batch(
    batch: Mapping[str, Any],
    device: str | torch.device | None = None,
    non_blocking: bool = False,
    **_: Any,
) -> tuple[Tensor, Any]:
    """MONAI's ``prepare_batch`` for volumes: (image, targets) on the device.

    Returns:
        image ``(B, C, I, J, K)``; targets: the label map ``(B, 1, I, J, K)`` where there is one, else a dictionary of
        ``label_<task>``.

    Raises:
        AppError: the typed error of a sample that could not be preprocessed.
    """
    if REJECTED in batch:
        raise batch[REJECTED]
    moved = {
        key: plain_tensor(value).to(device, non_blocking=non_blocking)
        for key, value in batch.items()
        if key in (IMAGE, LABEL) or key.startswith("label_")
    }
    image = moved.pop(IMAGE)
    return image, moved.pop(LABEL, moved)
