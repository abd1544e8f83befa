"""Membership inference on a trained diffusion: are the films that it was trained on denoised better than others?

The attack by loss for diffusion models (Carlini et al., USENIX Security 2023; Matsumoto et al. 2023): the error of the
predicted velocity, averaged over fixed times and noises that are the same for every film.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from monai_app.core.errors import InputRejected
from monai_app.core.random import torch_generator
from monai_app.engines.bundle import Workflow, find_bundle, open_workflow, typed_errors
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.generation.batches import prepare_diffusion_batch
from monai_app.engines.generation.build import film_items
from monai_app.engines.generation.latents import LATENT, Items, latent_items
from monai_app.engines.membership import of_known_sites
from monai_app.generate.privacy.membership import membership
from monai_app.networks.generation import ConditionedDiffusion

TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""From image (0) to noise (1)."""

NOISES = 2
"""A time."""


@dataclass(frozen=True)
class Errors:
    """Mean squares of films (N, D), a column a draw (time and noise); of latents scaled to unit deviation.

    Attributes:
        network: of the error of the network's velocity.
        target: of the velocity itself.
        noisy: of the noisy latent.
        product: mean of velocity times noisy latent.
    """

    network: NDArray[np.float64]
    target: NDArray[np.float64]
    noisy: NDArray[np.float64]
    product: NDArray[np.float64]


def draws(shape: Sequence[int], seed: int = 0) -> list[tuple[float, Tensor]]:
    """The times and noises (1, C, ...) that every film is denoised from."""
    generator = torch_generator(seed, "membership")
    return [(time, torch.randn(1, *shape, generator=generator)) for time in TIMES for _ in range(NOISES)]


@torch.inference_mode()
def denoising_errors(diffusion: ConditionedDiffusion, loader: DataLoader, seed: int = 0) -> Errors:
    """Errors of all films of a loader, told what their samples tell."""
    rows: list[Tensor] = []
    device = next(diffusion.parameters()).device
    for batch in loader:
        inputs, _ = prepare_diffusion_batch(batch, device)
        clean, tokens = diffusion.scaled(inputs[LATENT]), diffusion.condition(inputs)
        columns = []
        for time, noise in draws(clean.shape[1:], seed):
            times = torch.full((len(clean),), time, device=device)
            noisy, steps, target = diffusion.process.noisy(clean, noise.to(device).expand_as(clean), times)
            error = diffusion.velocity(noisy, steps, tokens, inputs) - target
            parts = (error.square(), target.square(), noisy.square(), target * noisy)
            columns.append(torch.stack([part.flatten(1).mean(dim=1) for part in parts]))
        rows.append(torch.stack(columns, dim=2))
    return Errors(*torch.cat(rows, dim=1).double().cpu().numpy())


def scaling_errors(members: Errors, others: Errors) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Errors (N, D) of the control, which predicts a multiple of the noisy latent, the best for both sets together."""
    noisy, product = (np.concatenate([getattr(part, name) for part in (members, others)]) for name in _OF_CONTROL)
    factor = product.sum(axis=0) / noisy.sum(axis=0)
    inside, outside = (part.target - 2 * factor * part.product + factor**2 * part.noisy for part in (members, others))
    return inside, outside


_OF_CONTROL = ("noisy", "product")


def diffusion_membership(
    bundle: str,
    cohort_dir: str | Path,
    *,
    model_dir: str | Path | None = None,
    overlays: Sequence[str] = (),
    split: str = "held_out",
    settings: Mapping[str, Any] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    on_stage: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Attack a trained diffusion with the cohort that it was trained on.

    Args:
        model_dir: None takes the bundle's own weights.
        overlays: that the model was trained with.
        split: of the patients that were not trained on.

    Returns:
        Of the mean error and of each time what :func:`monai_app.generate.privacy.membership.membership` returns;
        ``control`` is that of a denoiser that has learned nothing but a scale: what splits differ by without memory.

    Raises:
        InputRejected: ``NO_OTHERS`` when no film of the split is of a site of the train split; those of the bundle.
    """
    chosen = {"cohort_dir": str(cohort_dir), **(settings or {})}
    chosen |= {} if model_dir is None else {"model_dir": str(model_dir)}
    opened = open_workflow(find_bundle(bundle), Workflow.INFERENCE, overlays=list(overlays), settings=chosen)
    with typed_errors():
        names = ("spec", "diffusion", "autoencoder", "image_preprocessing", "preprocessing", "batch_size", "cache_dir")
        spec, diffusion, autoencoder, image, beside, batch_size, cache = map(opened.parser.get_parsed_content, names)
    members, rest = (film_items(cohort_dir, name, spec, previous=diffusion.previous) for name in ("train", split))
    others = of_known_sites(rest, members)
    if not others:
        raise InputRejected("NO_OTHERS", "no film outside training is of a site of the train split", got=len(rest))

    def errors(items: Items) -> Errors:
        on_stage(f"denoising {len(items)} films {len(TIMES) * NOISES} times")
        latents = latent_items(items, autoencoder, image, batch_size=batch_size, cache_dir=cache)
        return denoising_errors(diffusion, sample_loader(SampleDataset(latents, beside), batch_size=batch_size), seed)

    inside, outside = errors(members), errors(others)
    subjects = (_subjects(members), _subjects(others))

    def attack(of_members: NDArray[np.float64], of_others: NDArray[np.float64]) -> dict[str, Any]:
        means = of_members.mean(axis=1), of_others.mean(axis=1)
        return membership(*means, subjects=subjects, resamples=resamples, seed=seed)

    columns = {time: slice(NOISES * place, NOISES * (place + 1)) for place, time in enumerate(TIMES)}
    by_time = {str(t): attack(inside.network[:, at], outside.network[:, at]) for t, at in columns.items()}
    return {
        "format": "monai-app-privacy-membership-1",
        "denoising": attack(inside.network, outside.network),
        "control": attack(*scaling_errors(inside, outside)),
        "times": by_time,
        "split": split,
        "left_out_of_unseen_sites": len(rest) - len(others),
    }


def _subjects(items: Items) -> NDArray[np.int64]:
    return np.array([item["subject_id"] for item in items], np.int64)
