"""Small pictures for people: a film, or the middle planes of a volume as a radiologist hangs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from monai_app.dicom.area import Floats
from monai_app.dicom.film import Film
from monai_app.dicom.volume import Volume

SIDE_PX = 180
"""Longer side of a picture."""

_CT_WINDOW_HU = (-160.0, 240.0)
"""Soft tissue: centre 40, width 400."""

_PERCENTILES = (1.0, 99.0)
"""Range shown of all other modalities."""


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A picture.

    Attributes:
        title: the plane or the view.
        pixels: (H, W) uint8, 0 black.
    """

    title: str
    pixels: npt.NDArray[np.uint8]


def of_film(film: Film) -> Thumbnail:
    """The film as it is shown."""
    height, width = film.pixels.shape
    rows_mm, columns_mm = film.spacing_mm or (1.0, 1.0)
    shown = np.round(np.clip(film.pixels, 0, 1) * 255).astype(np.uint8)
    return Thumbnail(film.view or "film", _scaled(shown, height * rows_mm, width * columns_mm))


def of_volume(volume: Volume, *, modality: str) -> tuple[Thumbnail, ...]:
    """The middle axial, coronal and sagittal plane, the patient's right at the viewer's left and the head up.

    A volume that is oblique to the body is shown along its own axes, each named for the nearest body plane.
    """
    voxels, spacing_mm = _canonical(volume)
    low, high = _CT_WINDOW_HU if modality == "CT" else _percentiles(voxels)
    middle = [length // 2 for length in voxels.shape]
    right, front, up = spacing_mm
    planes = (
        ("axial", voxels[::-1, ::-1, middle[2]].T, (front, right)),
        ("coronal", voxels[::-1, middle[1], ::-1].T, (up, right)),
        ("sagittal", voxels[middle[0], ::-1, ::-1].T, (up, front)),
    )
    pictures = []
    for title, plane, (rows_mm, columns_mm) in planes:
        if min(plane.shape) < 2:  # a single slice has one plane only
            continue
        shown = np.round(np.clip((plane - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
        pictures.append(Thumbnail(title, _scaled(shown, plane.shape[0] * rows_mm, plane.shape[1] * columns_mm)))
    return tuple(pictures)


def _canonical(volume: Volume) -> tuple[Floats, tuple[float, float, float]]:
    """Voxels with axes towards right, front and up, as nearly as flips and permutations allow, and their spacing."""
    directions = volume.affine_ras[:3, :3] / np.asarray(volume.spacing_mm)
    order = _nearest_axes(directions)
    voxels = np.transpose(volume.array, order)
    flips = tuple(slice(None, None, -1 if directions[world, axis] < 0 else 1) for world, axis in enumerate(order))
    spacing = volume.spacing_mm
    return np.asarray(voxels[flips], np.float32), (spacing[order[0]], spacing[order[1]], spacing[order[2]])


def _nearest_axes(directions: npt.NDArray[np.float64]) -> tuple[int, int, int]:
    """For each body axis the voxel axis that runs along it best, each used once."""
    scores, order = np.abs(directions), [0, 0, 0]
    for _ in range(3):
        world, axis = np.unravel_index(int(scores.argmax()), (3, 3))
        order[world] = int(axis)
        scores = scores.copy()
        scores[world, :] = scores[:, axis] = -1
    return order[0], order[1], order[2]


def _percentiles(voxels: Floats) -> tuple[float, float]:
    sample = voxels[:: max(1, voxels.shape[0] // 64), :: max(1, voxels.shape[1] // 64)]
    low, high = np.percentile(sample, _PERCENTILES)
    return float(low), float(high)


def _scaled(shown: npt.NDArray[np.uint8], height_mm: float, width_mm: float) -> npt.NDArray[np.uint8]:
    """Resized so that a millimetre is as long in both directions."""
    scale = SIDE_PX / max(height_mm, width_mm)
    size = max(1, round(width_mm * scale)), max(1, round(height_mm * scale))
    return np.asarray(Image.fromarray(shown).resize(size, Image.Resampling.BILINEAR))
