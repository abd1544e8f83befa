"""A phantom with a mark on each side of the patient, of its own brightness each, seen through any grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Floats = npt.NDArray[np.float64]

CENTRE = np.array([10.0, -20.0, 35.0])
_FROM_CENTRE_MM = {
    "L": (-30, 3, -4),
    "R": (30, -5, 2),
    "A": (4, 32, 5),
    "P": (-3, -28, -6),
    "S": (6, 2, 31),
    "I": (-5, -4, -29),
}
MARKS_RAS_MM = {name: CENTRE + np.array(offset) for name, offset in _FROM_CENTRE_MM.items()}
PEAKS = dict(zip(MARKS_RAS_MM, (4000, 2667, 1778, 1185, 790, 527), strict=True))
_SIGMA_MM = 4.0


@dataclass(frozen=True)
class Plane:
    """How slices lie: direction cosines in LPS; ``toward`` is 1 where slices step along their normal, else -1."""

    row: tuple[float, float, float]
    column: tuple[float, float, float]
    toward: int = 1


def _tilted(degrees: float, about: int) -> Floats:
    turn, (first, second) = np.eye(3), [axis for axis in range(3) if axis != about]
    angle = np.deg2rad(degrees)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
    return turn


_OBLIQUE = _tilted(25, 0) @ _tilted(-15, 2)

PLANES = {
    "axial": Plane((1, 0, 0), (0, 1, 0)),
    "coronal": Plane((1, 0, 0), (0, 0, -1)),
    "sagittal": Plane((0, 1, 0), (0, 0, -1)),
    "oblique": Plane(tuple(_OBLIQUE[:, 0]), tuple(_OBLIQUE[:, 1])),  # type: ignore[arg-type]
    "reversed axial": Plane((1, 0, 0), (0, 1, 0), -1),
    "prone": Plane((-1, 0, 0), (0, -1, 0)),
    "row [0,-1,0]": Plane((0, -1, 0), (1, 0, 0)),
    "sagittal row [0,-1,0]": Plane((0, -1, 0), (0, 0, -1), -1),
}

SPACING_MM = (1.5, 2.0, 3.0)
SHAPE = (64, 50, 34)
"""Voxels along columns index, rows index, slices."""


def affine_lps(plane: Plane) -> Floats:
    """Of voxel (column index, row index, slice index), centred on the phantom."""
    row, column = np.array(plane.row, float), np.array(plane.column, float)
    axes = np.stack([row, column, plane.toward * np.cross(row, column)], axis=1) * SPACING_MM
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = CENTRE * (-1, -1, 1) - axes @ ((np.array(SHAPE) - 1) / 2)
    return affine


def paint(affine_ras: Floats, shape: tuple[int, int, int] = SHAPE) -> npt.NDArray[np.float32]:
    """The phantom on a grid, ``(I, J, K)``, from 0 to 4000."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    places = index @ affine_ras[:3, :3].T + affine_ras[:3, 3]
    image = np.zeros(shape)
    for name, place in MARKS_RAS_MM.items():
        image += PEAKS[name] * np.exp(-0.5 * ((places - place) ** 2).sum(-1) / _SIGMA_MM**2)
    return image.astype(np.float32)


def find(image: npt.NDArray[np.floating], affine_ras: Floats) -> dict[str, Floats]:
    """Where each mark is, in RAS mm: the brightest is L, the next R, and so on."""
    pieces, count = ndimage.label(image > 150)
    assert count == len(MARKS_RAS_MM), f"{count} marks"
    numbers = range(1, count + 1)
    brightest = np.argsort(-np.array(ndimage.maximum(image, pieces, numbers)))
    centres = np.array(ndimage.center_of_mass(image, pieces, numbers))[brightest]
    return dict(zip(MARKS_RAS_MM, centres @ affine_ras[:3, :3].T + affine_ras[:3, 3], strict=True))


def furthest_mm(image: npt.NDArray[np.floating], affine_ras: Floats) -> float:
    """The greatest distance of a mark from where it belongs."""
    found = find(image, np.asarray(affine_ras))
    return max(float(np.linalg.norm(found[name] - place)) for name, place in MARKS_RAS_MM.items())
