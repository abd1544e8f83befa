"""One structure of a segmentation as a single number: its mean log-odds over the voxels that the model gave to it.

After Vinogradova, Dibrov, Myers, Towards interpretable semantic segmentation via gradient-weighted class activation
mapping (Seg-Grad-CAM), AAAI 2020, who add up the logits of a class over a set of pixels; log-odds against all other
classes are what evidence adds up in, and the mean does not grow with the structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from scipy.ndimage import uniform_filter
from torch import Tensor, nn

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.explain.target import Target
from monai_app.explain.volumes.seen import Bools, SeenVolume
from monai_app.transforms.volume.body import everything, find_body
from monai_app.transforms.volume.window import window

OVERLAP = 0.25
DIVISOR = 8
"""Sides of a window are multiples of it, as in inference."""


class ScoredOver(StrEnum):
    """Whose voxels the score is a mean over."""

    FOUND = "the voxels that the model gave to it"
    REFERENCE = "its voxels in the label map, since the model found none"


@dataclass(frozen=True, eq=False)
class StructureScore:
    """Scores ``(n, C, I, J, K) -> (n,)``: mean log-odds of a class against all others over some voxels.

    Attributes:
        value: of the class.
        over: ``(I, J, K)`` bool.
    """

    value: int
    over: Tensor

    def __call__(self, scores: Tensor) -> Tensor:
        """The mean log-odds of every sample."""
        told = scores[:, :, self.over].float()
        others = [column for column in range(told.shape[1]) if column != self.value]
        odds: Tensor = told[:, self.value] - told[:, others].logsumexp(dim=1)
        return odds.mean(dim=1)


@dataclass(frozen=True, eq=False)
class FoundStructure:
    """Where a structure is, and the window that shows most of it.

    Attributes:
        seen: the window.
        over: of the window, voxels that the score is a mean over.
        scored_over: whose they are.
        share: part of the structure that lies in the window.
        millilitres: that the model gave to the structure in the whole volume.
        whole: the volume, padded to a window where it was smaller.
        labels: ``(I, J, K)`` bool of ``whole``, what the model found.
    """

    seen: SeenVolume
    over: Bools
    scored_over: ScoredOver
    share: float
    millilitres: float
    whole: SeenVolume
    labels: Bools


def structure_target(spec: SegmentationSpec, name: str) -> Target:
    """A structure as what is explained.

    Raises:
        InputRejected: ``LABEL_UNKNOWN``, with the structures that there are.
    """
    if name not in spec.structures:
        raise InputRejected(
            "LABEL_UNKNOWN",
            "the model segments no such structure",
            expected=", ".join(spec.structures),
            remedy="Name one of these as --target.",
        )
    return Target(name, TaskSpec(name=name, kind=TaskKind.BINARY), spec.structures.index(name) + 1)


def find_structure(
    network: nn.Module,
    spec: SegmentationSpec,
    seen: SeenVolume,
    target: Target,
    reference: Bools | None = None,
    air: float | None = None,
) -> FoundStructure:
    """Segment the volume, and choose the window around the structure.

    Args:
        reference: ``(I, J, K)`` of the seen volume, where a label map has the structure: what the score is a mean over
            if the model found nothing.
        air: the largest value of the first channel that is surely air around a body: what lies beside is background, as
            in inference; None judges no voxel.

    Raises:
        InputRejected: ``STRUCTURE_NOT_FOUND``.
    """
    size = window(seen.shape, spec.patch, DIVISOR)
    whole = seen.padded(size)
    with torch.inference_mode():
        scores = sliding_window_inference(
            whole.image[None], size, 1, network, overlap=OVERLAP, mode="gaussian", sigma_scale=0.125
        )
        found = (torch.as_tensor(scores)[0].argmax(0) == target.index).cpu().numpy() & whole.filled
    if air is not None:
        body = find_body(seen.image[0].float().cpu(), air=air)
        found &= ~padded_like(body.beside_in(everything(seen.shape)).numpy(), seen, whole)
    over, source = found, ScoredOver.FOUND
    if not found.any():
        if reference is None or not reference.any():
            raise _not_found(target.name)
        over, source = padded_like(reference, seen, whole), ScoredOver.REFERENCE
    looked_at = explained_size(seen.shape, spec.patch)
    start = window_around(over, looked_at)
    box = tuple(slice(first, first + length) for first, length in zip(start, looked_at, strict=True))
    voxel_ml = float(np.prod(whole.spacing_mm)) / 1000
    return FoundStructure(
        whole.part(start, looked_at),
        over[box],
        source,
        float(over[box].sum() / over.sum()),
        float(found.sum()) * voxel_ml,
        whole,
        found,
    )


def explained_size(shape: Sequence[int], patch: Sequence[int]) -> tuple[int, ...]:
    """Voxels that are explained: the patch of the training, or less where the volume is smaller.

    Inference sees a volume little larger than the patch whole; an explanation takes hundreds of passes, and the patch
    is what the network has learned from.
    """
    sides = zip(shape, patch, strict=True)
    return tuple(DIVISOR * -(-min(length, wanted) // DIVISOR) for length, wanted in sides)


def padded_like(mask: Bools, seen: SeenVolume, whole: SeenVolume) -> Bools:
    """A mask of a volume on the grid of the padded volume."""
    before = [(have - had) // 2 for have, had in zip(whole.shape, seen.shape, strict=True)]
    sides = [(first, have - had - first) for first, have, had in zip(before, whole.shape, seen.shape, strict=True)]
    return np.pad(mask, sides)


def window_around(mask: Bools, size: Sequence[int]) -> tuple[int, ...]:
    """First voxel of the window with most of a mask; of several, that with the mask in its middle."""
    room = [have - want for have, want in zip(mask.shape, size, strict=True)]
    shares = uniform_filter(mask.astype(np.float64), size=list(size), mode="constant")
    # a filter of side n has its window's first voxel n // 2 before its centre
    inner = shares[tuple(slice(want // 2, want // 2 + free + 1) for want, free in zip(size, room, strict=True))]
    best = np.argwhere(inner >= inner.max() - 0.5 / np.prod(size))
    middle = np.array([np.median(places) for places in np.nonzero(mask)]) - np.asarray(size) / 2
    start = best[np.square(best - middle).sum(axis=1).argmin()]
    return tuple(int(first) for first in start)


def _not_found(name: str) -> InputRejected:
    return InputRejected(
        "STRUCTURE_NOT_FOUND",
        f"the model gave no voxel of this volume to {name}: there is nothing whose map could be made",
        expected="a structure that the model found, or a label map that has it",
        remedy="Choose another structure, or a case with a label map: then the score is taken over its voxels there.",
    )
