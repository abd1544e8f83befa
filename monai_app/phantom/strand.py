"""Thin structures as strands: curves with a radius (ribs, vessels, tubes), stamped into volumes or cast as shadows.

The shadow of a tube is its mass per area. Depositing the mass along the curve and blurring it with a uniform disc of
the tube's radius gives exactly the chord profile 2 sqrt(r^2 - d^2) of a straight tube, so one convolution per radius
draws every strand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft

from monai_app.phantom.beam import Beam, attenuation_per_mm
from monai_app.phantom.grid import Grid

_PADDING_PX = 24


@dataclass(frozen=True)
class Strand:
    """One or many curves of one material and radius.

    Attributes:
        points_mm: (P, 3) in patient space.
        lengths_mm: (P,) length of curve that each point stands for.
        radius_mm: of the tube.
        hu: of the tube.
        around_hu: what it displaces.
        flatness: thickness over height of the cross-section (ribs are flat).
    """

    points_mm: np.ndarray
    lengths_mm: np.ndarray
    radius_mm: float
    hu: float
    around_hu: float
    flatness: float = 1.0


def smooth_curve(corners_mm: Sequence[tuple[float, float, float]], step_mm: float) -> np.ndarray:
    """Points (P, 3) about ``step_mm`` apart on a Catmull-Rom spline through the corners."""
    corners = np.asarray(corners_mm, float)
    padded = np.concatenate([2 * corners[:1] - corners[1:2], corners, 2 * corners[-1:] - corners[-2:-1]])
    pieces = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        count = max(int(np.linalg.norm(end - start) / step_mm), 1)
        t = (np.arange(count) / count)[:, None]
        pieces.append(
            0.5 * (2 * start + (end - before) * t + (2 * before - 5 * start + 4 * end - after) * t**2)
            + 0.5 * (3 * start - before - 3 * end + after) * t**3
        )
    return np.concatenate([*pieces, corners[-1:]])


def arc_lengths(points_mm: np.ndarray) -> np.ndarray:
    """Length (P,) of curve that each point stands for."""
    gaps = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
    return 0.5 * (np.concatenate([gaps, [0.0]]) + np.concatenate([[0.0], gaps]))


def cast_shadows(strands: Sequence[Strand], beam: Beam, *, pixel_mm: float, lordosis: float) -> np.ndarray:
    """Line integral of attenuation (rows, columns) that the strands add on the detector."""
    rows, columns = round(beam.height_mm / pixel_mm), round(beam.width_mm / pixel_mm)
    shape = (fft.next_fast_len(rows + 2 * _PADDING_PX), fft.next_fast_len(columns + 2 * _PADDING_PX))
    groups: dict[float, list[Strand]] = {}
    for strand in strands:
        groups.setdefault(strand.radius_mm, []).append(strand)
    spectrum = np.zeros((shape[0], shape[1] // 2 + 1), np.complex64)
    for radius, members in sorted(groups.items()):
        mass = _deposit(members, beam, shape, pixel_mm=pixel_mm, lordosis=lordosis)
        spectrum += fft.rfft2(mass) * _disc_spectrum(shape, radius * 1.08 / pixel_mm)
    shadow = fft.irfft2(spectrum, s=shape)
    return shadow[_PADDING_PX : _PADDING_PX + rows, _PADDING_PX : _PADDING_PX + columns]


def _deposit(
    strands: Sequence[Strand], beam: Beam, shape: tuple[int, int], *, pixel_mm: float, lordosis: float
) -> np.ndarray:
    """Mass of the strands' points per pixel area, spread bilinearly; points outside the detector are dropped."""
    points = np.concatenate([strand.points_mm for strand in strands])
    mass = np.concatenate([strand.lengths_mm * _mass_per_mm(strand) for strand in strands])
    u, v, shrink = beam.shadow(points, lordosis)
    column = (u + beam.width_mm / 2) / pixel_mm - 0.5 + _PADDING_PX
    row = (beam.height_mm / 2 - v) / pixel_mm - 0.5 + _PADDING_PX
    inside = (column >= 0) & (column < shape[1] - 1) & (row >= 0) & (row < shape[0] - 1)
    column, row = column[inside], row[inside]
    weight = mass[inside] / (shrink[inside] * pixel_mm) ** 2
    left, top = column.astype(int), row.astype(int)
    right, down = column - left, row - top
    corner = top * shape[1] + left
    index = np.concatenate([corner, corner + 1, corner + shape[1], corner + shape[1] + 1])
    parts = ((1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right)
    spread = np.concatenate([weight * part for part in parts])
    return np.bincount(index, weights=spread, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float32)


def _mass_per_mm(strand: Strand) -> float:
    """Attenuation that a strand adds, integrated over its cross-section (mm)."""
    added = float(attenuation_per_mm(np.array(strand.hu)) - attenuation_per_mm(np.array(strand.around_hu)))
    return added * float(np.pi) * strand.radius_mm**2 * strand.flatness


@lru_cache(maxsize=128)
def _disc_spectrum(shape: tuple[int, int], radius_px: float) -> np.ndarray:
    """Transform of a uniform disc with unit sum, its rim softened over one pixel."""
    row = fft.fftfreq(shape[0], 1.0 / shape[0])
    column = fft.fftfreq(shape[1], 1.0 / shape[1])
    distance = np.sqrt(row[:, None] ** 2 + column[None, :] ** 2)
    disc = np.clip(radius_px + 0.5 - distance, 0.0, 1.0)
    if disc.sum() == 0.0:
        disc[0, 0] = 1.0
    return fft.rfft2((disc / disc.sum()).astype(np.float32))


def stamp(strand: Strand, grid: Grid) -> tuple[np.ndarray, ...]:
    """The voxels (rows, columns, depth indices) of a Cartesian grid within the radius of a strand's nearest voxels.

    A strand thinner than the voxels still marks the nearest ones.
    """
    axes = (grid.z[:, 0, 0], grid.x[0, :, 0], grid.y[0, 0, :])
    shape = np.array([axis.size for axis in axes])
    steps = np.array([float(axis[1] - axis[0]) for axis in axes])
    points = strand.points_mm[:, [2, 0, 1]]
    near = np.round((points - [float(axis[0]) for axis in axes]) / steps).astype(int)
    near = near[np.all((near >= 0) & (near < shape), axis=1)]
    lines = np.stack(np.unravel_index(np.unique(np.ravel_multi_index(tuple(near.T), tuple(shape))), tuple(shape)), -1)
    reach = np.floor(strand.radius_mm / np.abs(steps)).astype(int)
    offsets = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1).reshape(-1, 3)
    offsets = offsets[np.linalg.norm(offsets * steps, axis=1) <= max(strand.radius_mm, 1e-6)]
    marked = np.zeros(tuple(shape), bool)
    for offset in offsets:
        moved = lines + offset
        inside = np.all((moved >= 0) & (moved < shape), axis=1)
        marked[tuple(moved[inside].T)] = True
    return np.nonzero(marked)
