"""A volume of one modality in patient space: what every reader of series, NIfTI and NRRD returns.

World coordinates are RAS+ in mm, as in NIfTI and MONAI; DICOM and ITK speak LPS. :func:`lps_to_ras` is the one place
where the two meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Affine = npt.NDArray[np.float64]

_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels and where they are.

    Attributes:
        array: ``(I, J, K)`` in stored precision or float32; voxel (i, j, k) has its centre at
            ``affine_ras @ (i, j, k, 1)``. A DICOM series has i along columns (to the right in the picture), j along
            rows (downwards) and k along the normal.
        affine_ras: ``(4, 4)`` float64, voxel indices to RAS+ mm.
        valid: ``(I, J, K)`` bool where padding was marked, else None: False is "no image here".
        provenance: what was read and what was noted or repaired, JSON-able and free of patient data.
    """

    array: npt.NDArray[Any]
    affine_ras: Affine
    valid: npt.NDArray[np.bool_] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.array.ndim == 3, "a volume has three axes"
        assert self.affine_ras.shape == (4, 4), "an affine is (4, 4)"

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between voxel centres along i, j and k."""
        along = np.linalg.norm(self.affine_ras[:3, :3], axis=0)
        return float(along[0]), float(along[1]), float(along[2])


def lps_to_ras(affine_lps: Affine) -> Affine:
    """The same affine in the other frame: x and y change sign. Its own inverse."""
    converted: Affine = _FLIP @ affine_lps
    return converted
