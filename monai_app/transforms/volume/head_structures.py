"""The structures of a head that ``whole_head_synthetic`` tells apart, and the FreeSurfer labels that make each up.

Left and right are one structure: at 2 mm a network needs no sides to find them, and a mirrored head is then one more
head to learn from. Labels of 500 and more lie outside the brain (skull, scalp, eyes, vessels of the dura); they shape
the synthetic image and are background in the answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from monai_app.core.errors import InputRejected
from monai_app.transforms.volume.synthetic_contrast import RandSyntheticContrastd

HEAD_STRUCTURES: Mapping[str, tuple[int, ...]] = {
    "background": (0, 85, *range(500, 531)),
    "cerebral white matter": (2, 41, 25, 57, 30, 62, 77),
    "cerebral cortex": (3, 42),
    "lateral ventricles": (4, 5, 43, 44, 72, 136, 137, 163, 164),
    "cerebrospinal fluid": (14, 15, 24),
    "cerebellum": (7, 8, 46, 47),
    "thalamus": (10, 49),
    "basal ganglia": (11, 12, 13, 26, 50, 51, 52, 58),
    "hippocampus and amygdala": (17, 18, 53, 54),
    "ventral diencephalon": (28, 60),
    "brain stem": (16,),
}
"""Name -> labels, in the order of the network's classes.

Fluid of the third and fourth ventricle counts with that around the brain; lesions within white matter (25, 57) with
white matter; choroid plexus (136, 137, 163, 164: seen to lie in the lateral ventricles) with its ventricle.
"""

FREESURFER_LABELS = tuple(sorted(label for labels in HEAD_STRUCTURES.values() for label in labels))
"""Every label that a map may have."""

_LEFT_OF_RIGHT = {41: 2, 42: 3, 43: 4, 44: 5, 46: 7, 47: 8, 49: 10, 50: 11, 51: 12, 52: 13, 53: 17, 54: 18}
LEFT_OF_RIGHT: Mapping[int, int] = _LEFT_OF_RIGHT | {57: 25, 58: 26, 60: 28, 62: 30, 163: 136, 164: 137}
"""Right label -> left label: the same tissue, and the same intensities."""


def structure_names() -> list[str]:
    """Names of the label values 1, 2, ..."""
    return list(HEAD_STRUCTURES)[1:]


def head_synthesis(key: str = "label", image_key: str = "image") -> RandSyntheticContrastd:
    """Synthetic heads of FreeSurfer label maps at 2 mm, both sides alike; the record of each is left out."""
    return RandSyntheticContrastd(key, FREESURFER_LABELS, image_key=image_key, twins=LEFT_OF_RIGHT, keep_record=False)


class MergeHeadLabelsd(MapTransform):
    """FreeSurfer labels ``(1, I, J, K)`` become indices of :data:`HEAD_STRUCTURES`, uint8.

    Raises:
        InputRejected: ``LABEL_UNKNOWN`` for a label that belongs to no structure.
    """

    def __init__(self, keys: KeysCollection, *, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.table = torch.full((max(FREESURFER_LABELS) + 1,), 255, dtype=torch.uint8)
        for index, labels in enumerate(HEAD_STRUCTURES.values()):
            self.table[list(labels)] = index

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with merged labels."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            labels = torch.as_tensor(sample[key]).as_subclass(torch.Tensor).long()
            known = (labels >= 0) & (labels < len(self.table))
            merged = self.table[labels.clamp(0, len(self.table) - 1)]
            if not bool(known.all()) or bool((merged == 255).any()):
                raise InputRejected(
                    "LABEL_UNKNOWN",
                    "a label map has a label that belongs to no structure of the head",
                    expected="FreeSurfer labels as in SynthSeg's maps",
                )
            affine = sample[key].affine if isinstance(sample[key], MetaTensor) else None
            sample[key] = MetaTensor(merged, affine=affine)
        return sample
