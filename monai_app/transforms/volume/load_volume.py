"""LoadVolumed: paths of series or files become MetaTensors in RAS mm that lie on one grid, or a typed error."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform
from monai.utils import ensure_tuple_rep

from monai_app.dicom.series_options import DEFAULT_OPTIONS, SeriesOptions
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_checks import VolumeKind
from monai_app.dicom.volume_grid import require_same_grid
from monai_app.transforms.volume.mr_intensity import VALID_SUFFIX
from monai_app.transforms.volume.volume_reader import VolumeReader, describe, loaded


class LoadVolumed(MapTransform):
    """Replace each path, or tuple of paths (one a sequence), by a MetaTensor ``(C, I, J, K)``, its affine in RAS mm.

    Images are float32, labels int16 or int32. Where a file marks padding, ``<key>_valid`` holds True for image and the
    padding gets the least valid value. All keys must lie on one grid: load what lies on another with a LoadVolumed of
    its own, and resample it.

    Args:
        keys: of paths, or of volumes that have been read.
        kinds: ``image`` or ``label``, one for all keys or one a key.
        options: of the DICOM reader.

    Raises:
        InputRejected: ``GRID_MISMATCH``, and as :func:`monai_app.dicom.volume_files.read_volume`.
    """

    def __init__(
        self,
        keys: KeysCollection,
        kinds: str | Sequence[str] = VolumeKind.IMAGE,
        *,
        options: SeriesOptions = DEFAULT_OPTIONS,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.readers = [VolumeReader(kind, options=options) for kind in ensure_tuple_rep(kinds, len(self.keys))]

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with volumes in the place of paths."""
        sample = dict(data)
        first: Volume | None = None
        for key, reader in self.key_iterator(sample, self.readers):
            volumes = reader.read(sample[key])
            first = volumes[0] if first is None else first
            require_same_grid(first, volumes[0])
            channels = [torch.from_numpy(loaded(volume, reader.kind)) for volume in volumes]
            meta = describe(volumes)
            sample[key] = MetaTensor(torch.stack(channels), meta=meta)
            if any(volume.valid is not None for volume in volumes):
                masks = [_valid(volume) for volume in volumes]
                sample[f"{key}{VALID_SUFFIX}"] = MetaTensor(torch.from_numpy(np.stack(masks)), meta=dict(meta))
        return sample


def _valid(volume: Volume) -> np.ndarray:
    return np.ones(volume.array.shape, np.bool_) if volume.valid is None else volume.valid
