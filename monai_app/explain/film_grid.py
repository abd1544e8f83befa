"""A map of the square that a network saw, back on the film's own pixels."""

from __future__ import annotations

import nibabel
import numpy as np
import numpy.typing as npt
import torch

from monai_app.dicom.area import fitted_shape

Floats = npt.NDArray[np.float32]


def own_grid(values: Floats, shape: tuple[int, int]) -> Floats:
    """A map (S, S) of a letterboxed film -> (H, W), bilinear; what lay on the letterbox's bars is cut off.

    Args:
        shape: rows and columns of the film.
    """
    side = values.shape[0]
    height, width = fitted_shape(*shape, side)
    top, left = (side - height) // 2, (side - width) // 2
    inside = torch.from_numpy(np.ascontiguousarray(values[top : top + height, left : left + width]))
    enlarged = torch.nn.functional.interpolate(inside[None, None], shape, mode="bilinear", align_corners=False)
    found: Floats = enlarged[0, 0].numpy()
    return found


def map_image(values: Floats, spacing_mm: tuple[float, float] | None) -> nibabel.Nifti1Image:
    """A map (H, W) of a frontal film as NIfTI (W, H, 1) float32 in a coronal plane, in mm.

    Columns run to the patient's left and rows to the feet, as frontal films are hung. A film has no depth and no place
    in the patient: the plane starts at zero, and unknown spacing is written as 1 mm.
    """
    down, across = spacing_mm or (1.0, 1.0)
    affine = np.zeros((4, 4))
    affine[0, 0], affine[2, 1], affine[1, 2], affine[3, 3] = -across, -down, 1.0, 1.0
    image = nibabel.Nifti1Image(np.ascontiguousarray(values.T)[..., None].astype(np.float32), affine)
    image.header.set_xyzt_units("mm")
    return image
