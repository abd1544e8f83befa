"""What is measured of a segmented volume: mL a structure, and how sure the network is of each.

Uncertainty comes from draws: test-time augmentation (flips of the voxel axes, noise, gamma; Wang et al.,
Neurocomputing 2019). Draws are streamed, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from monai_app.core.random import torch_generator

MM3_PER_ML = 1000.0
_NOISE = 0.1
"""Standard deviation of a draw's noise, in standard deviations of the image."""
_GAMMA = 0.15
"""Largest change of a draw's logarithmic gamma."""


@dataclass(frozen=True)
class StructureMeasurement:
    """One structure of one volume.

    Attributes:
        volume_ml: of the segmentation.
        volume_sd_ml: standard deviation over the draws; None without draws.
        entropy: mean entropy (nats) of the draws' mean probability, over voxels that they or the segmentation give to
            the structure; None without draws or without such voxels.
    """

    structure: str
    volume_ml: float
    volume_sd_ml: float | None = None
    entropy: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields, for JSON and for a row of a table."""
        return dict(vars(self))


@dataclass(frozen=True)
class DrawSummary:
    """What the draws say about a volume.

    Attributes:
        volumes_ml: (draws, structures).
        entropy: (structures,), NaN where no voxel belongs to a structure.
        mean: (C, I, J, K) mean probability.
    """

    volumes_ml: NDArray[np.float64]
    entropy: NDArray[np.float64]
    mean: Tensor


def voxel_ml(affine: NDArray[np.float64] | Tensor) -> float:
    """Volume of a voxel in mL, from an affine (4, 4) in mm."""
    return float(abs(np.linalg.det(np.asarray(affine, dtype=np.float64)[:3, :3]))) / MM3_PER_ML


def volumes_ml(
    labels: NDArray[Any] | Tensor, affine: NDArray[np.float64] | Tensor, structures: int
) -> NDArray[np.float64]:
    """Volume of each structure in mL, (structures,).

    Args:
        labels: label map of any shape, 0 background, k the k-th structure.
        affine: (4, 4) voxel indices to mm.
        structures: how many there are.
    """
    counts = np.bincount(np.asarray(labels).astype(np.int64).ravel(), minlength=structures + 1)
    return (counts[1 : structures + 1] * voxel_ml(affine)).astype(np.float64)


def augmented_draws(
    predict: Callable[[Tensor], Tensor],
    image: Tensor,
    *,
    draws: int,
    seed: int,
    flips: Sequence[Sequence[int]] = ((),),
) -> Iterator[Tensor]:
    """Class probabilities (C, I, J, K) of ``draws`` altered copies of an image, in the image's own frame.

    Args:
        predict: ``(1, S, I, J, K) -> (1, C, I, J, K)`` class probabilities.
        image: (S, I, J, K), normalised to unit spread.
        seed: a draw is a function of seed and number.
        flips: spatial axes (0 to 2) that copies are mirrored along, taken in turn; only those the network learned.
    """
    for number in range(draws):
        axes = [axis + 1 for axis in flips[number % len(flips)]]
        yield predict(altered(image, seed=seed, number=number).flip(axes)[None])[0].flip(axes)


def altered(image: Tensor, *, seed: int, number: int) -> Tensor:
    """An image (S, I, J, K), normalised to unit spread, with noise and another gamma; of its seed and number alone."""
    generator = torch_generator("augmented-draw", seed, number)
    noise = torch.randn(image.shape, generator=generator).to(image) * _NOISE
    gamma = float(torch.exp((2 * torch.rand(1, generator=generator) - 1) * _GAMMA))
    return torch.sign(image) * image.abs() ** gamma + noise


def summarise_draws(draws: Iterator[Tensor], labels: Tensor, affine: NDArray[np.float64] | Tensor) -> DrawSummary:
    """Volumes of every draw and entropy of their mean.

    Args:
        draws: probabilities (C, I, J, K), at least one.
        labels: (I, J, K), the segmentation that is reported.
        affine: of the voxels.

    Raises:
        ValueError: no draw.
    """
    mean, volumes = torch.zeros(()), []
    for drawn in draws:
        mean = mean + drawn
        volumes.append(volumes_ml(drawn.argmax(0).cpu(), affine, drawn.shape[0] - 1))
    if not volumes:
        msg = "Uncertainty needs at least one draw, got none"
        raise ValueError(msg)
    mean = mean / len(volumes)
    entropy = -(mean * mean.clamp_min(1e-12).log()).sum(0)
    voted = mean.argmax(0)
    means = []
    for structure in range(1, mean.shape[0]):
        voxels = entropy[(voted == structure) | (labels == structure)]
        means.append(float(voxels.mean()) if len(voxels) else float("nan"))
    return DrawSummary(np.stack(volumes), np.array(means), mean)


def measure(
    labels: NDArray[Any] | Tensor,
    affine: NDArray[np.float64] | Tensor,
    structures: Sequence[str],
    draws: DrawSummary | None = None,
) -> list[StructureMeasurement]:
    """One measurement a structure, in their order.

    Args:
        labels: (I, J, K) on the grid that ``affine`` describes; the draws may lie on another.
    """
    volumes = volumes_ml(labels, affine, len(structures))
    if draws is None:
        return [StructureMeasurement(name, float(ml)) for name, ml in zip(structures, volumes, strict=True)]
    spread = draws.volumes_ml.std(axis=0)
    return [
        StructureMeasurement(name, float(ml), float(sd), None if np.isnan(entropy) else float(entropy))
        for name, ml, sd, entropy in zip(structures, volumes, spread, draws.entropy, strict=True)
    ]
