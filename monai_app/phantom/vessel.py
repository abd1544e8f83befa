"""Pulmonary vessels: trees that branch from the hila into the lungs, thinner by Murray's law (r^3 is conserved)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monai_app.phantom.build import Build
from monai_app.phantom.strand import Strand

BRANCHING_MARGIN_MM = 1.5
"""How far below the pleura a vessel must end to branch again."""

_GENERATIONS = 8
_POINTS_PER_SEGMENT = 20
_BLOOD_HU, _LUNG_HU = 45.0, -850.0
_RADII_MM = np.array([0.45, 0.65, 0.9, 1.3, 1.8, 2.5, 3.4, 4.6])
"""Radii that are drawn; others are rounded to the nearest, so that few convolutions suffice."""

_PRIMARY = np.array([
    [0.35, 0.10, 0.92], [0.62, -0.35, 0.62], [0.80, 0.30, 0.42], [0.92, -0.25, 0.05],
    [0.62, -0.42, -0.60], [0.55, 0.45, -0.66], [0.32, 0.10, -0.93], [0.80, 0.15, -0.52],
])  # fmt: skip
"""Directions (lateral, posterior, superior) of the lobar vessels from a hilum."""


PointTest = Callable[[np.ndarray], np.ndarray]
"""Maps points (P, 3) in mm to truth values (P,)."""


def draw_vessels(
    build: Build, rng: np.random.Generator, *, in_pleura: PointTest, in_lung: PointTest, upper_widening: float
) -> list[Strand]:
    """The vessels of both lungs, one bundle of curves a radius.

    The same draws are made whatever lies inside, so that a patient has the same trees in every image.

    Args:
        in_pleura: where a vessel may still branch.
        in_lung: where a vessel shows: lung with air around it.
        upper_widening: factor - 1 on the radii above the hila (cephalisation in congestion).
    """
    right = np.array([[-30.0, 10.0, 8.0]] * len(_PRIMARY))
    left = np.array([[30.0, 10.0, 18.0]] * len(_PRIMARY))
    place = np.concatenate([right, left]) + rng.normal(0.0, 3.0, (2 * len(_PRIMARY), 3))
    heading = np.concatenate([_PRIMARY * [-1.0, 1.0, 1.0], _PRIMARY]) + 0.10 * rng.standard_normal(place.shape)
    radius = 4.0 * rng.uniform(0.8, 1.1, len(place))
    alive = np.ones(len(place), bool)
    curves, radii = [], []
    for generation in range(_GENERATIONS):
        heading /= np.linalg.norm(heading, axis=1, keepdims=True)
        length = 26.0 * 0.87**generation * rng.uniform(0.6, 1.35, len(place)) * build.stretch
        segment = _curves(rng, place, heading, length)
        curves.append(segment[alive])
        wide = radius * np.where(segment[:, -1, 2] > 25.0, 1.0 + upper_widening, 1.0)
        radii.append(wide[alive])
        alive = np.tile(alive & in_pleura(segment[:, -1]), 2)
        place, heading, radius = _branch(rng, segment, radius)
    return _bundles(np.concatenate(curves), np.concatenate(radii), in_lung)


def _curves(rng: np.random.Generator, place: np.ndarray, heading: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Bent segments (S, P, 3) from ``place`` along ``heading``."""
    along = np.linspace(0.0, 1.0, _POINTS_PER_SEGMENT)[None, :, None]
    bend = 0.2 * length[:, None] * rng.standard_normal(place.shape)
    wave = 0.05 * length[:, None] * rng.standard_normal(place.shape)
    straight = place[:, None] + along * (length[:, None] * heading)[:, None]
    return straight + along**2 * bend[:, None] + np.sin(2 * np.pi * along) * wave[:, None]


def _branch(
    rng: np.random.Generator, segment: np.ndarray, radius: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two children at every end, unequal, on opposite sides: their places, headings and radii."""
    ends = segment[:, -1]
    heading = ends - segment[:, -3]
    heading = heading / np.maximum(np.linalg.norm(heading, axis=1, keepdims=True), 1e-6)
    aside = rng.standard_normal(heading.shape)
    aside -= (aside * heading).sum(axis=1, keepdims=True) * heading
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-6)
    portion = rng.uniform(0.3, 0.7, len(ends))[:, None]
    first, second = heading + 0.8 * (1 - portion) * aside, heading - 0.8 * portion * aside
    small, large = radius * (1 - portion[:, 0]) ** (1 / 3), radius * portion[:, 0] ** (1 / 3)
    return np.concatenate([ends, ends]), np.concatenate([first, second]), np.concatenate([large, small])


def _bundles(curves: np.ndarray, radii: np.ndarray, in_lung: PointTest) -> list[Strand]:
    """Group segments (S, P, 3) by drawn radius and drop the points outside the lung."""
    gaps = np.linalg.norm(np.diff(curves, axis=1), axis=2)
    lengths = 0.5 * (np.pad(gaps, ((0, 0), (0, 1))) + np.pad(gaps, ((0, 0), (1, 0))))
    drawn = np.abs(radii[:, None] - _RADII_MM[None]).argmin(axis=1)
    strands = []
    for index in np.unique(drawn):
        points = curves[drawn == index].reshape(-1, 3)
        kept = in_lung(points)
        length = lengths[drawn == index].reshape(-1)[kept]
        strands.append(Strand(points[kept], length, float(_RADII_MM[index]), _BLOOD_HU, _LUNG_HU))
    return strands
