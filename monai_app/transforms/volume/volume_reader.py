"""VolumeReader: MONAI's reader interface over our strict readers of DICOM series, NIfTI and NRRD."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys

from monai_app.dicom.series_options import DEFAULT_OPTIONS, SeriesOptions
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_checks import VolumeKind
from monai_app.dicom.volume_files import read_volume
from monai_app.dicom.volume_grid import require_same_grid


class VolumeReader(ImageReader):
    """Reads a folder with one DICOM series, a DICOM file, NIfTI or NRRD; several paths are channels of one grid.

    Give it to MONAI's ``LoadImage``, or use :class:`monai_app.transforms.volume.load_volume.LoadVolumed`, which also
    marks padding and compares image and label.

    Args:
        kind: ``image`` or ``label``.
        options: of the DICOM reader.

    Raises:
        InputRejected: as :func:`monai_app.dicom.volume_files.read_volume`; ``GRID_MISMATCH`` between channels.
    """

    def __init__(self, kind: str = VolumeKind.IMAGE, *, options: SeriesOptions = DEFAULT_OPTIONS) -> None:
        super().__init__()
        self.kind = VolumeKind(kind)
        self.options = options

    def verify_suffix(self, filename: Any) -> bool:
        """Any name: files are known by content or are refused with a code."""
        return True

    def read(self, data: Any, **_: Any) -> list[Volume]:
        """The volumes of one path or of several, all on one grid; a volume that has been read is taken as it is."""
        given: Sequence[str | Path | Volume] = [data] if isinstance(data, str | Path | Volume) else list(data)
        volumes = [
            one if isinstance(one, Volume) else read_volume(one, options=self.options, kind=self.kind) for one in given
        ]
        for other in volumes[1:]:
            require_same_grid(volumes[0], other)
        return volumes

    def get_data(self, img: Any) -> tuple[npt.NDArray[Any], dict[str, Any]]:
        """Array ``(I, J, K)``, or ``(C, I, J, K)`` of several, and MONAI's metadata with the affine in RAS."""
        volumes: list[Volume] = [img] if isinstance(img, Volume) else list(img)
        arrays = [loaded(volume, self.kind) for volume in volumes]
        meta = describe(volumes) | {MetaKeys.ORIGINAL_CHANNEL_DIM: "no_channel" if len(arrays) == 1 else 0}
        return arrays[0] if len(arrays) == 1 else np.stack(arrays), meta


def loaded(volume: Volume, kind: VolumeKind = VolumeKind.IMAGE) -> npt.NDArray[Any]:
    """The voxels as transforms want them: images float32, labels int16 or int32; padding gets the least valid value."""
    if kind is VolumeKind.LABEL:
        small = volume.array.size == 0 or -(2**15) <= int(volume.array.min()) <= int(volume.array.max()) < 2**15
        return np.ascontiguousarray(volume.array, np.int16 if small else np.int32)
    array = np.ascontiguousarray(volume.array, np.float32)
    if volume.valid is not None and volume.valid.any():
        array = np.where(volume.valid, array, array[volume.valid].min())
    return array


def describe(volumes: Sequence[Volume]) -> dict[str, Any]:
    """MONAI's metadata of channels on one grid, with the provenance of each; no paths and no patient data."""
    first = volumes[0]
    return {
        MetaKeys.AFFINE: first.affine_ras.copy(),
        MetaKeys.ORIGINAL_AFFINE: first.affine_ras.copy(),
        MetaKeys.SPATIAL_SHAPE: np.array(first.array.shape),
        MetaKeys.SPACE: SpaceKeys.RAS,
        "provenance": [dict(volume.provenance) for volume in volumes],
    }
