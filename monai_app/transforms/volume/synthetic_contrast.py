"""Synthetic contrast: an image of any MR contrast and resolution, made from a label map alone.

After SynthSeg (Billot et al., Medical Image Analysis 2023, arXiv 2107.09559): each structure gets a normal
distribution of its own with random mean and deviation, so that a network which has seen enough of such images can rely
on no contrast; then come a bias field, the blur and the voxels of a random acquisition, noise and a gamma curve.
Every parameter is drawn once, is JSON-able, and gives the same image again.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, Randomizable
from torch import Tensor
from torch.nn import functional

from monai_app.transforms.volume.deformation import (
    Deformation,
    DeformationRanges,
    Triple,
    deform_labels,
    draw_deformation,
    smooth_field,
)

RECORD_SUFFIX = "_synthesis"
"""Where the drawn parameters are recorded: under ``<image key>_synthesis``."""

_SIGMA_OF_SPACING = 2 * math.log(10) / (2 * math.pi)
"""Deviation of the blur in units of the spacing: a tenth of the amplitude is left at the new Nyquist limit (2.4)."""


@dataclass(frozen=True)
class ContrastRanges:
    """What an image may look like; intensities are on a scale where means lie in [0, 1].

    Attributes:
        deviation: largest standard deviation within a structure.
        black_background: probability that label 0 is exactly black rather than a structure like others.
        bias: largest standard deviation of the logarithm of the bias field at its knots.
        bias_knots_mm: distance of those knots.
        acquired_mm: thickest slice that is imitated; voxels that are alike along all axes go to half of it.
        noise: largest standard deviation of the noise of the scanner.
        gamma: standard deviation of the logarithm of the exponent of the gamma curve.
    """

    deviation: float = 0.1
    black_background: float = 0.5
    bias: float = 0.4
    bias_knots_mm: float = 60.0
    acquired_mm: float = 8.0
    noise: float = 0.05
    gamma: float = 0.4


@dataclass(frozen=True)
class Contrast:
    """A drawn contrast.

    Attributes:
        means: by label, those of one pair of sides alike.
        deviations: by label.
        acquired_mm: voxel of the imitated acquisition along each axis; 0 is the map's own.
    """

    means: dict[int, float]
    deviations: dict[int, float]
    bias: float
    bias_knots_mm: float
    acquired_mm: Triple
    noise: float
    exponent: float
    seed: int

    def as_record(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def draw_contrast(
    labels: Sequence[int],
    ranges: ContrastRanges,
    generator: np.random.Generator,
    *,
    twins: Mapping[int, int] | None = None,
) -> Contrast:
    """Draw every parameter for the labels of a map, always as many for as many labels.

    Args:
        labels: all labels that a map may have, 0 among them.
        twins: label -> the label whose intensities it shares, such as right -> left.
    """
    drawn = {label: generator.uniform(size=2) for label in labels}
    shared = {label: drawn[(twins or {}).get(label, label)] for label in labels}
    means = {label: float(value[0]) for label, value in shared.items()}
    deviations = {label: ranges.deviation * float(value[1]) for label, value in shared.items()}
    black, bias, noise, style = generator.uniform(size=4)
    axis, coarse = int(generator.integers(3)), generator.uniform(size=3)
    if 0 in means and black < ranges.black_background:
        means[0] = deviations[0] = 0.0
    acquired = [0.0, 0.0, 0.0]
    if style < 0.4:
        acquired[axis] = ranges.acquired_mm * float(coarse[axis])
    elif style < 0.7:
        acquired = [0.5 * ranges.acquired_mm * float(coarse[0])] * 3
    return Contrast(
        means=means,
        deviations=deviations,
        bias=ranges.bias * float(bias),
        bias_knots_mm=ranges.bias_knots_mm,
        acquired_mm=(acquired[0], acquired[1], acquired[2]),
        noise=ranges.noise * float(noise),
        exponent=float(np.exp(ranges.gamma * generator.standard_normal())),
        seed=int(generator.integers(2**31)),
    )


def render(labels: Tensor, contrast: Contrast, *, spacing_mm: Sequence[float]) -> Tensor:
    """The image of a label map ``(I, J, K)`` under a contrast: float32 in [0, 1], the same for the same contrast."""
    generator = torch.Generator().manual_seed(contrast.seed)
    means, deviations = torch.zeros(int(labels.max()) + 1), torch.zeros(int(labels.max()) + 1)
    for label in torch.unique(labels).tolist():
        means[label], deviations[label] = contrast.means[label], contrast.deviations[label]
    index = labels.long()
    image = means[index] + deviations[index] * torch.randn(labels.shape, generator=generator)
    bias = smooth_field(labels.shape, contrast.bias_knots_mm, contrast.seed, spacing_mm=spacing_mm)[0]
    image = image.clamp(min=0) * torch.exp(contrast.bias * bias)
    image = acquire(image, contrast.acquired_mm, spacing_mm=spacing_mm, generator=generator, noise=contrast.noise)
    low, high = image.min(), image.max()
    return ((image - low) / (high - low).clamp(min=1e-6)) ** contrast.exponent


def acquire(
    image: Tensor,
    acquired_mm: Sequence[float],
    *,
    spacing_mm: Sequence[float],
    generator: torch.Generator,
    noise: float,
) -> Tensor:
    """Blur to the acquired voxel, sample on its grid, add noise there, and interpolate back: ``(I, J, K)``."""
    coarser = [max(target / step, 1.0) for target, step in zip(acquired_mm, spacing_mm, strict=True)]
    blurred = image[None, None]
    for axis, ratio in enumerate(coarser):
        if ratio > 1:
            blurred = _blur(blurred, _SIGMA_OF_SPACING * math.sqrt(ratio**2 - 1), axis)
    sizes = [max(2, round(size / ratio)) for size, ratio in zip(image.shape, coarser, strict=True)]
    if sizes != list(image.shape):
        blurred = functional.interpolate(blurred, size=sizes, mode="trilinear", align_corners=False)
    blurred = blurred + noise * torch.randn(blurred.shape, generator=generator)
    if sizes != list(image.shape):
        blurred = functional.interpolate(blurred, size=image.shape, mode="trilinear", align_corners=False)
    return blurred[0, 0]


def _blur(image: Tensor, sigma: float, axis: int) -> Tensor:
    """Gaussian blur of ``(1, 1, I, J, K)`` along one axis, edges replicated."""
    reach = max(1, math.ceil(3 * sigma))
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / max(sigma, 1e-3)) ** 2)
    shape = [1, 1, 1, 1, 1]
    shape[2 + axis] = -1
    padding = [0] * 6
    padding[2 * (2 - axis)] = padding[2 * (2 - axis) + 1] = reach
    padded = functional.pad(image, padding, mode="replicate")
    return functional.conv3d(padded, (weights / weights.sum()).reshape(shape))


class RandSyntheticContrastd(Randomizable, MapTransform):
    """Put a synthetic image under ``image_key`` and the deformed label map in place of the one under ``keys``.

    The drawn parameters are recorded under ``<image_key>_synthesis``.

    Args:
        keys: one key, of a label map ``(1, I, J, K)`` on a grid of ``spacing_mm``.
        labels: all labels that the maps may have.
        image_key: of the image to make, ``(1, I, J, K)`` float32 in [0, 1].
        contrast: ranges of the look.
        deformation: ranges of the shape.
        twins: label -> the label whose intensities it shares.
        spacing_mm: of the maps.
        keep_record: leave it out where samples become batches.
    """

    def __init__(
        self,
        keys: KeysCollection,
        labels: Sequence[int],
        *,
        image_key: str = "image",
        contrast: ContrastRanges | None = None,
        deformation: DeformationRanges | None = None,
        twins: Mapping[int, int] | None = None,
        spacing_mm: float = 2.0,
        keep_record: bool = True,
    ) -> None:
        MapTransform.__init__(self, keys)
        self.labels = tuple(labels)
        self.image_key = image_key
        self.contrast = ContrastRanges() if contrast is None else contrast
        self.deformation = DeformationRanges() if deformation is None else deformation
        self.twins = dict(twins or {})
        self.spacing_mm = (spacing_mm,) * 3
        self.keep_record = keep_record
        self._seed = 0

    def randomize(self, data: Any = None) -> None:
        """Draw the one seed that everything else follows from."""
        self._seed = int(self.R.randint(2**31))

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with an image and its labels."""
        sample = dict(data)
        self.randomize()
        generator = np.random.default_rng(self._seed)
        for key in self.key_iterator(sample):
            given = sample[key]
            deformation = draw_deformation(self.deformation, generator)
            contrast = draw_contrast(self.labels, self.contrast, generator, twins=self.twins)
            labels, image = self.synthesise(torch.as_tensor(given).as_subclass(Tensor)[0], deformation, contrast)
            affine = given.affine if isinstance(given, MetaTensor) else None
            sample[key] = MetaTensor(labels[None], affine=affine)
            sample[self.image_key] = MetaTensor(image[None], affine=affine)
            if self.keep_record:
                record = {"deformation": deformation.as_record(), "contrast": contrast.as_record()}
                sample[f"{self.image_key}{RECORD_SUFFIX}"] = record
        return sample

    def synthesise(self, labels: Tensor, deformation: Deformation, contrast: Contrast) -> tuple[Tensor, Tensor]:
        """Labels and image, both ``(I, J, K)``, of recorded parameters."""
        moved = deform_labels(labels, deformation, spacing_mm=self.spacing_mm)
        return moved, render(moved, contrast, spacing_mm=self.spacing_mm)
