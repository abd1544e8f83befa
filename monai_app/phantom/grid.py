"""Sampling grids over the thorax, in patient space (LPS, mm): x to the patient's left, y to the back, z to the head.

The same anatomy is sampled on a Cartesian grid (CT, MR) and on the rays of an X-ray beam (film). Axes of every grid are
(rows downward, columns, depth); coordinates are broadcastable, which keeps the evaluation of shapes cheap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Slices = tuple[slice, slice, slice]
Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
"""((x low, x high), (y low, y high), (z low, z high)) in mm."""


@dataclass(frozen=True)
class Grid:
    """Where to evaluate shapes.

    Attributes:
        x: broadcastable to ``shape``, mm.
        y: likewise.
        z: likewise.
        edge_mm: width over which a surface is softened (about one sample).
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    edge_mm: float

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns, depth)."""
        return np.broadcast_shapes(self.x.shape, self.y.shape, self.z.shape)

    def window(self, box: Box) -> Slices:
        """The smallest slices that hold a box (empty where the box lies outside)."""
        rows = _span((self.z >= box[2][0]) & (self.z <= box[2][1]), 0)
        columns = _span((self.x >= box[0][0]) & (self.x <= box[0][1]), 1)
        depth = _span((self.y >= box[1][0]) & (self.y <= box[1][1]), 2)
        return rows, columns, depth

    def part(self, slices: Slices) -> Grid:
        """The grid of a window."""
        return Grid(_cut(self.x, slices), _cut(self.y, slices), _cut(self.z, slices), self.edge_mm)

    def soften(self, distance_mm: np.ndarray) -> np.ndarray:
        """Occupancy in [0, 1] from a signed distance (negative inside), linear over ``edge_mm``."""
        return np.clip(0.5 - distance_mm / np.float32(self.edge_mm), 0.0, 1.0)


def _span(inside: np.ndarray, axis: int) -> slice:
    """From the first to the last index along an axis where anything is inside."""
    found = np.flatnonzero(np.any(inside, axis=tuple(other for other in range(3) if other != axis)))
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)


def _cut(axis: np.ndarray, slices: Slices) -> np.ndarray:
    return axis[tuple(part if size > 1 else slice(None) for part, size in zip(slices, axis.shape, strict=True))]


def cartesian(x_mm: np.ndarray, y_mm: np.ndarray, z_mm: np.ndarray) -> Grid:
    """A grid over straight axes; ``z_mm`` runs along the rows, ``x_mm`` the columns, ``y_mm`` the depth."""
    x, y, z = (np.asarray(axis, np.float32) for axis in (x_mm, y_mm, z_mm))
    edge = float(max(abs(np.diff(x[:2])[0]), abs(np.diff(y[:2])[0]), abs(np.diff(z[:2])[0]) * 0.7))
    return Grid(x[None, :, None], y[None, None, :], z[:, None, None], edge)


def ellipsoid(
    grid: Grid, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> tuple[Slices, np.ndarray]:
    """An axis-aligned ellipsoid: its window and occupancy there."""
    margin = grid.edge_mm
    box = tuple((c - r - margin, c + r + margin) for c, r in zip(centre, radii, strict=True))
    slices = grid.window((box[0], box[1], box[2]))
    part = grid.part(slices)
    return slices, part.soften(ellipsoid_distance(part, centre, radii))


def ellipsoid_distance(grid: Grid, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    """Approximate signed distance (mm) to an axis-aligned ellipsoid: k (k - 1) / |grad|, exact at the surface."""
    px, py, pz = grid.x - np.float32(centre[0]), grid.y - np.float32(centre[1]), grid.z - np.float32(centre[2])
    rx, ry, rz = (np.float32(radius) for radius in radii)
    k = np.sqrt((px / rx) ** 2 + (py / ry) ** 2 + (pz / rz) ** 2)
    gradient = np.sqrt((px / rx**2) ** 2 + (py / ry**2) ** 2 + (pz / rz**2) ** 2)
    return k * (k - 1.0) / np.maximum(gradient, np.float32(1e-6))


def oriented_ellipsoid(
    grid: Grid, centre: tuple[float, float, float], radii: tuple[float, float, float], axes: np.ndarray
) -> tuple[Slices, np.ndarray]:
    """An ellipsoid along the orthonormal rows of ``axes`` (3, 3): its window and occupancy there."""
    half = np.sqrt(((axes * np.array(radii)[:, None]) ** 2).sum(axis=0)) + grid.edge_mm
    box = tuple((c - h, c + h) for c, h in zip(centre, half, strict=True))
    slices = grid.window((box[0], box[1], box[2]))
    part = grid.part(slices)
    offset = [part.x - np.float32(centre[0]), part.y - np.float32(centre[1]), part.z - np.float32(centre[2])]
    local = [sum(np.float32(axes[i, j]) * offset[j] for j in range(3)) for i in range(3)]
    k = np.sqrt(sum((local[i] / np.float32(radii[i])) ** 2 for i in range(3)))
    gradient = np.sqrt(sum((local[i] / np.float32(radii[i] ** 2)) ** 2 for i in range(3)))
    return slices, part.soften(k * (k - 1.0) / np.maximum(gradient, np.float32(1e-6)))


def orthonormal(direction: tuple[float, float, float]) -> np.ndarray:
    """Three orthonormal rows whose first points along ``direction``."""
    first = np.array(direction) / np.linalg.norm(direction)
    helper = np.array([0.0, 1.0, 0.0]) if abs(first[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    second = np.cross(helper, first)
    second /= np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)])
