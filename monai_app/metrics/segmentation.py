"""How well a label map agrees with the truth: Dice, and surface distances in mm (MONAI's)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Of one structure; None where it is undefined.

    Attributes:
        dice: 2 |A and B| / (|A| + |B|); None where both are empty.
        assd_mm: average symmetric surface distance; None where either is empty.
        hd95_mm: 95th percentile of the symmetric Hausdorff distance; likewise.
    """

    dice: float | None
    assd_mm: float | None
    hd95_mm: float | None


def dice(predicted: Tensor, truth: Tensor, structures: int) -> Floats:
    """Dice of each structure, (structures,); NaN where neither map has it.

    Args:
        predicted: label values, any shape.
        truth: likewise.

    Raises:
        ValueError: the maps have different shapes.
    """
    if predicted.shape != truth.shape:
        msg = f"Label maps must have one shape, got {tuple(predicted.shape)} and {tuple(truth.shape)}"
        raise ValueError(msg)
    one, other = predicted.long().flatten(), truth.long().flatten()
    count = structures + 1
    both = torch.bincount(one[one == other], minlength=count)
    total = torch.bincount(one, minlength=count) + torch.bincount(other, minlength=count)
    shares = 2 * both.double() / torch.where(total > 0, total, torch.nan)
    return np.asarray(shares[1:count].cpu().numpy())


def agreement(predicted: Tensor, truth: Tensor, structures: int, spacing_mm: Sequence[float]) -> list[Agreement]:
    """Dice and surface distances of each structure.

    Args:
        predicted: label values (I, J, K).
        truth: likewise.
        spacing_mm: distance between voxels along I, J, K.

    Raises:
        ValueError: the maps have different shapes.
    """
    shares = dice(predicted, truth, structures)
    found = []
    for structure, share in enumerate(shares, start=1):
        masks = predicted == structure, truth == structure
        near, far = _distances(*masks, spacing_mm) if all(bool(mask.any()) for mask in masks) else (None, None)
        found.append(Agreement(None if np.isnan(share) else float(share), near, far))
    return found


def _distances(one: Tensor, other: Tensor, spacing_mm: Sequence[float]) -> tuple[float, float]:
    """ASSD and HD95 of two masks, within the box around both, which changes neither and is quicker."""
    places = (one | other).nonzero()
    low, high = places.amin(0), places.amax(0) + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    pads = (1, 1) * one.ndim  # a surface at the border of the box is one too
    first, second = (torch.nn.functional.pad(mask[box].float(), pads)[None, None] for mask in (one, other))
    spacing = [float(value) for value in spacing_mm]
    with warnings.catch_warnings():  # MONAI 1.6 passes itself an argument that it has deprecated
        warnings.filterwarnings("ignore", message=".*always_return_as_numpy.*", category=FutureWarning)
        mean = compute_average_surface_distance(first, second, include_background=True, symmetric=True, spacing=spacing)
        far = compute_hausdorff_distance(first, second, include_background=True, percentile=95, spacing=spacing)
    return float(mean), float(far)
