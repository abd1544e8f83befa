"""Known regions of a volume: the label map of a data list on the grid that the network sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.cohort.volume_targets import ClassificationSpec
from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Volume
from monai_app.explain.target import Target
from monai_app.explain.volumes.seen import Bools, SeenVolume
from monai_app.transforms.grid import on_grid

VolumeSpec = SegmentationSpec | ClassificationSpec


def known_regions(spec: VolumeSpec) -> dict[str, tuple[int, ...]]:
    """Values of the label map by name: a structure of a segmentation, what a classifier's target counts."""
    if isinstance(spec, SegmentationSpec):
        return {name: (value,) for value, name in enumerate(spec.structures, start=1)}
    return {target.name: target.values for target in spec.targets}


def find_regions(spec: VolumeSpec, target: Target, names: Sequence[str], *, has_labels: bool) -> tuple[str, ...]:
    """The regions to score against: those named; of none named, the target's own where there is a label map.

    Raises:
        InputRejected: ``REGION_UNKNOWN``.
    """
    known = known_regions(spec)
    unknown = [name for name in names if name not in known]
    if unknown or (names and not has_labels):
        raise InputRejected(
            "REGION_UNKNOWN",
            "there is no such region" if has_labels else "the volume has no label map, so no known regions",
            expected=", ".join(known) if has_labels else "a case of a data list with a label map",
            remedy="Name one of these as --region." if has_labels else "Leave --region away.",
        )
    return tuple(names) or ((target.task.name,) if has_labels else ())


def label_regions(labels: Volume, seen: SeenVolume, spec: VolumeSpec, names: Sequence[str]) -> dict[str, Bools]:
    """Regions ``(I, J, K)`` on the network's grid, nearest neighbour."""
    values = torch.from_numpy(np.ascontiguousarray(labels.array, np.float32))[None]
    placed = on_grid(
        values,
        torch.from_numpy(labels.affine_ras),
        torch.from_numpy(seen.affine_ras),
        seen.shape,
        mode="nearest",
        outside="zeros",
    )
    found = placed[0].round().to(torch.int64).numpy()
    known = known_regions(spec)
    return {name: np.isin(found, known[name]) & seen.filled for name in names}
