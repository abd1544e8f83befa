"""Laying a volume over the images it was computed from: axes are turned and mirrored until the same voxels meet.

Nothing is interpolated. The 48 ways to flip and permute the axes of a grid all describe the same voxels in the patient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from monai_app.core.errors import InputRejected
from monai_app.dicom.source_images import SourceImages
from monai_app.dicom.volume import Affine, Volume
from monai_app.dicom.volume_grid import GRID_TOLERANCE_MM, corners_apart_mm

_AXES = 3


def onto_source(volume: Volume, source: SourceImages) -> npt.NDArray[Any]:
    """The voxels as the frames of the source in the order of its headers, (planes, rows, columns).

    Args:
        volume: on the grid of the source, whichever way its axes run.

    Raises:
        InputRejected: ``GRID_MISMATCH`` where the voxels are not those of the source; ``NO_GEOMETRY`` for a film.
    """
    if source.affine_ras is None:
        raise InputRejected("NO_GEOMETRY", "a film has no place in the patient", expected="a series of slices")
    turned, affine = _turned(volume, source.affine_ras)
    apart = corners_apart_mm(affine, source.affine_ras, source.shape) if turned.shape == source.shape else np.inf
    if apart > GRID_TOLERANCE_MM:
        raise InputRejected(
            "GRID_MISMATCH",
            "the result does not lie on the grid of the images that it should refer to",
            got=f"shape {volume.array.shape}" + (f", {apart:.2f} mm apart" if np.isfinite(apart) else ""),
            expected=f"shape {source.shape} in some order of the axes, within {GRID_TOLERANCE_MM} mm",
            remedy="Resample the result to the series, or look for the series that it was computed from.",
        )
    planes = turned.transpose(2, 1, 0)
    frames = np.empty_like(planes, order="C")
    frames[list(source.frames)] = planes
    return frames


def _turned(volume: Volume, wanted: Affine) -> tuple[npt.NDArray[Any], Affine]:
    """The volume with its axes in the order and direction of another affine, and its affine then."""
    ours, theirs = (affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0) for affine in (volume.affine_ras, wanted))
    cosines = theirs.T @ ours
    order = np.abs(cosines).argmax(axis=1)
    if len(set(order.tolist())) != _AXES:  # not even nearly the same axes: the check of the corners refuses it
        return volume.array, volume.affine_ras
    array, affine = volume.array.transpose(*order), volume.affine_ras[:, [*order, _AXES]]
    for axis in range(_AXES):
        if cosines[axis, order[axis]] < 0:
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
    return array, affine
