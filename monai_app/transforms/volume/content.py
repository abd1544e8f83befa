"""What an image must have before its intensities mean anything: finite values, and more than one of them."""

from __future__ import annotations

import torch
from torch import Tensor

from monai_app.core.errors import InputRejected


def check_content(image: Tensor, valid: Tensor | None = None) -> Tensor:
    """The values of an image that count, as a flat tensor.

    Args:
        image: any shape.
        valid: bool of the same shape, False where there is no image; None counts all.

    Raises:
        InputRejected: ``NOT_FINITE`` for NaN or infinity where there is image, ``NO_CONTENT`` where all values are
            equal or none is valid.
    """
    values = image.flatten() if valid is None else image[valid]
    if not bool(torch.isfinite(values).all()):
        raise InputRejected(
            "NOT_FINITE",
            "an image has values that are no numbers",
            got=f"{int((~torch.isfinite(values)).sum())} of {values.numel()} voxels NaN or infinite",
            expected="finite values, or padding marked as such",
        )
    if values.numel() == 0 or bool(values.min() == values.max()):
        raise InputRejected(
            "NO_CONTENT",
            "an image shows nothing: all its voxels are equal",
            got=f"{values.numel()} voxels",
            expected="an image with contrast",
        )
    return values
