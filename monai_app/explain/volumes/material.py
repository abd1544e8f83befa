"""What the page of a volume shows beside the maps: the images as they were taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from monai_app.dicom.volume import Volume


@dataclass(frozen=True, eq=False)
class VolumeMaterial:
    """Beside the maps.

    Attributes:
        images: by sequence, on their own grid, all the same one.
        modality: DICOM modality, for the window of grey values.
        provenance: where model and volume come from, JSON-able and free of patient data.
    """

    images: dict[str, Volume]
    modality: str
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def grid(self) -> Volume:
        """The first image, for its grid."""
        return next(iter(self.images.values()))

    def shown(self, sequence: str) -> Volume:
        """An image for display: what is no image has the least value that is."""
        image = self.images[sequence]
        if image.valid is None or not image.valid.any():
            return image
        return Volume(np.where(image.valid, image.array, image.array[image.valid].min()), image.affine_ras)
