"""Latents of a split, computed once before a diffusion is trained: its steps touch neither films nor autoencoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from monai.transforms import Compose

from monai_app.cohort.normalisation import fit_statistics
from monai_app.cohort.spec import ModelSpec
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.core.processor import has_bf16
from monai_app.engines.batches import IMAGE
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.generation.batches import FILM, prepare_reconstruction_batch
from monai_app.engines.generation.previous import PREVIOUS
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.networks.generation import FoldedAutoencoder

SOURCE = "source_image"
"""Path of the image whose latent an item carries, in the place of the image itself."""

LATENT = "image_latent"
_IMAGE_KEYS = (FILM, "film_present", IMAGE, "volume_present")

Items = list[Mapping[str, Any]]


def latent_items(
    items: Sequence[Mapping[str, Any]],
    autoencoder: FoldedAutoencoder,
    preprocessing: Compose,
    *,
    batch_size: int = 32,
    cache_dir: str | None = None,
    workers: int = 0,
) -> Items:
    """The items with ``image_latent`` (C, ...) in the place of their film or volume.

    Where items know of a film before (``previous_film``), its latent stands under ``image_previous``.

    Args:
        autoencoder: trained, on its device.
        preprocessing: of the image.

    Raises:
        AppError: what the preprocessing raises.
    """
    options: dict[str, Any] = {"batch_size": batch_size, "cache_dir": cache_dir, "workers": workers}
    images = [{key: item[key] for key in _IMAGE_KEYS if key in item} for item in items]
    latents = encoded(images, autoencoder, preprocessing, **options)
    made: list[dict[str, Any]] = []
    for item, latent in zip(items, latents, strict=True):
        kept = {key: value for key, value in item.items() if key not in (*_IMAGE_KEYS, "film_view", PREVIOUS)}
        made.append({**kept, LATENT: latent, SOURCE: item[IMAGE if IMAGE in item else FILM]})
    if items and PREVIOUS in items[0]:
        _add_previous(made, items, autoencoder, preprocessing, options)
    return list(made)


@torch.inference_mode()
def encoded(
    images: Sequence[Mapping[str, Any]],
    autoencoder: FoldedAutoencoder,
    preprocessing: Compose,
    *,
    batch_size: int,
    cache_dir: str | None,
    workers: int,
) -> list[npt.NDArray[np.float32]]:
    """Latents (C, ...) of images, in their order."""
    loader = sample_loader(
        SampleDataset(images, preprocessing, cache_dir=cache_dir), batch_size=batch_size, workers=workers
    )
    device = next(autoencoder.parameters()).device
    autoencoder.eval()
    found: list[npt.NDArray[np.float32]] = []
    for batch in loader:
        image, _ = prepare_reconstruction_batch(batch, device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=has_bf16(device)):
            latent = autoencoder.encode(image)
        found += list(latent.float().cpu().numpy())
    return found


def _add_previous(
    made: list[dict[str, Any]],
    items: Sequence[Mapping[str, Any]],
    autoencoder: FoldedAutoencoder,
    preprocessing: Compose,
    options: dict[str, Any],
) -> None:
    before = [{FILM: item[PREVIOUS], "film_present": True} for item in items if item[PREVIOUS]]
    latents = iter(encoded(before, autoencoder, preprocessing, **options) if before else [])
    for entry, item in zip(made, items, strict=True):
        there = bool(item[PREVIOUS])
        entry["image_previous"] = next(latents) if there else np.zeros_like(entry[LATENT])
        entry["image_previous_present"] = there


def diffusion_statistics(
    items: Sequence[Mapping[str, Any]], spec: Any, *, count: int = 1024
) -> dict[str, npt.NDArray[np.float32]]:
    """What a diffusion normalises by: the EHR's statistics, and mean and deviation of the first ``count`` latents.

    The deviation is one number over all channels, after each channel's mean: the scale factor is its inverse.

    Raises:
        InputRejected: ``LATENT_CONSTANT`` for an autoencoder whose latents do not vary.
    """
    latents = np.stack([item[LATENT] for item in items[:count]]).astype(np.float64)
    axes = (0, *range(2, latents.ndim))
    mean = latents.mean(axis=axes)
    std = float((latents - mean.reshape(1, -1, *(1 for _ in axes[1:]))).std())
    if not std > 0:
        raise InputRejected("LATENT_CONSTANT", "the autoencoder's latents do not vary", got=f"{len(latents)} latents")
    fitted = fit_statistics(items, spec) if isinstance(spec, ModelSpec) else {}
    return {**fitted, "latent_mean": mean.astype(np.float32), "latent_std": np.array([std], np.float32)}


def autoencoder_provenance(cohort: Mapping[str, Any], folder: str | Path) -> dict[str, Any]:
    """What makes a diffusion's training itself: the data's provenance and the autoencoder's weights."""
    return {**cohort, "autoencoder": sha256_file(Path(folder) / WEIGHTS_NAME)}
