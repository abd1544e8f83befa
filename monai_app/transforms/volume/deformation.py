"""Deformation: a random affine map with a smooth elastic field on top, drawn once, recorded, applied to label maps.

Output voxel p shows what lies at c + A (p - c) + t + u(p): c is the centre of the grid, A rotation x scaling x shear,
t a shift, u a field that is normally distributed at the knots of a coarse lattice and linear between them (Billot et
al., arXiv 2107.09559, section 2.2, without their integration of u: at knots 30 mm apart, deviations of 3 mm fold
nothing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class DeformationRanges:
    """How far a deformation may go; every draw is uniform.

    Attributes:
        rotation_deg: largest angle about each axis, either way.
        scaling: largest relative change of size along each axis, either way.
        shear: largest shear of each pair of axes, either way.
        shift_mm: largest shift along each axis, either way.
        elastic_mm: largest standard deviation of the field at its knots.
        knots_mm: distance of the knots.
        flip_probability: of a mirrored first axis; 0 where left and right have labels of their own.
    """

    rotation_deg: float = 15.0
    scaling: float = 0.15
    shear: float = 0.05
    shift_mm: float = 10.0
    elastic_mm: float = 3.0
    knots_mm: float = 30.0
    flip_probability: float = 0.5


@dataclass(frozen=True)
class Deformation:
    """A drawn deformation. Angles in degrees, lengths in mm; the field follows from its seed."""

    rotation_deg: Triple
    scaling: Triple
    shear: Triple
    shift_mm: Triple
    elastic_mm: float
    knots_mm: float
    flipped: bool
    field_seed: int

    def as_record(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


IDENTITY = Deformation((0.0,) * 3, (1.0,) * 3, (0.0,) * 3, (0.0,) * 3, 0.0, 30.0, flipped=False, field_seed=0)  # type: ignore[arg-type]
"""Moves nothing."""


def draw_deformation(ranges: DeformationRanges, generator: np.random.Generator) -> Deformation:
    """Draw every parameter; always as many draws, whatever the ranges."""

    def triple(half_width: float, centre: float = 0.0) -> Triple:
        first, second, third = (centre + half_width * generator.uniform(-1, 1, 3)).tolist()
        return first, second, third

    return Deformation(
        rotation_deg=triple(ranges.rotation_deg),
        scaling=triple(ranges.scaling, 1.0),
        shear=triple(ranges.shear),
        shift_mm=triple(ranges.shift_mm),
        elastic_mm=ranges.elastic_mm * float(generator.uniform()),
        knots_mm=ranges.knots_mm,
        flipped=bool(generator.uniform() < ranges.flip_probability),
        field_seed=int(generator.integers(2**31)),
    )


def deform_labels(labels: Tensor, deformation: Deformation, *, spacing_mm: Sequence[float]) -> Tensor:
    """The label map on the same grid after the deformation, nearest neighbours; 0 comes in from outside.

    Args:
        labels: ``(I, J, K)`` of an integer type, values below 2^24.
        spacing_mm: of the three axes.
    """
    if deformation == IDENTITY:
        return labels.clone()
    grid = sampling_points(labels.shape, deformation, spacing_mm=spacing_mm)
    moved = functional.grid_sample(
        labels[None, None].float(), grid[None], mode="nearest", padding_mode="zeros", align_corners=True
    )
    return moved[0, 0].to(labels.dtype)


def sampling_points(shape: Sequence[int], deformation: Deformation, *, spacing_mm: Sequence[float]) -> Tensor:
    """Where each output voxel comes from, ``(I, J, K, 3)`` in grid_sample's coordinates (last axis first, -1 to 1)."""
    spacing, half = torch.tensor(spacing_mm).float(), (torch.tensor(shape) - 1).float() / 2
    matrix = torch.from_numpy(_matrix(deformation)).float()
    if deformation.flipped:
        matrix = matrix * torch.tensor([-1.0, 1.0, 1.0])
    axes = [(torch.arange(size) - centre) * step for size, centre, step in zip(shape, half, spacing, strict=True)]
    lattice = torch.meshgrid(*axes, indexing="ij")
    field = smooth_field(shape, deformation.knots_mm, deformation.field_seed, spacing_mm=spacing_mm, channels=3)
    points = []
    for axis in range(3):
        source = sum(matrix[axis, other] * lattice[other] for other in range(3)) + deformation.shift_mm[axis]
        source = source + deformation.elastic_mm * field[axis]
        points.append(source / (spacing[axis] * half[axis].clamp(min=0.5)))
    return torch.stack(points[::-1], dim=-1)


def smooth_field(
    shape: Sequence[int], knots_mm: float, seed: int, *, spacing_mm: Sequence[float], channels: int = 1
) -> Tensor:
    """Standard normal at knots about ``knots_mm`` apart, linear between them: ``(channels, I, J, K)``."""
    extent = [size * step for size, step in zip(shape, spacing_mm, strict=True)]
    knots = [max(2, round(length / knots_mm) + 1) for length in extent]
    coarse = torch.randn(1, channels, *knots, generator=torch.Generator().manual_seed(seed))
    return functional.interpolate(coarse, size=tuple(shape), mode="trilinear", align_corners=True)[0]


def _matrix(deformation: Deformation) -> np.ndarray:
    turned = np.eye(3)
    for axis, angle in enumerate(np.deg2rad(deformation.rotation_deg)):
        first, second = [other for other in range(3) if other != axis]
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
        turned = turned @ turn
    shear = np.eye(3)
    shear[0, 1], shear[0, 2], shear[1, 2] = deformation.shear
    return turned @ shear @ np.diag(deformation.scaling)
