"""CorrectBiasFieldd: N4 of SimpleITK (Tustison et al., IEEE TMI 2010) on a coarse grid, applied to the fine one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type
from torch import Tensor

from monai_app.transforms.volume.content import check_content


class CorrectBiasFieldd(MapTransform):
    """Divide MR images ``(C, I, J, K)`` by the smooth field that N4 finds in each channel.

    Args:
        shrink: the field is fitted on every n-th voxel along each axis; a bias field is smooth enough.
        iterations: at most, per level of resolution.

    Raises:
        InputRejected: ``NOT_FINITE``, ``NO_CONTENT``.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        shrink: int = 4,
        iterations: tuple[int, ...] = (50, 50, 30),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.shrink = shrink
        self.iterations = tuple(iterations)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with corrected images."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            image = sample[key]
            plain = torch.as_tensor(image).as_subclass(Tensor).float()
            corrected = torch.stack([self.correct(channel) for channel in plain])
            sample[key] = convert_to_dst_type(corrected, image, dtype=torch.float32)[0]
        return sample

    def correct(self, channel: Tensor) -> Tensor:
        """One sequence, ``(I, J, K)``; its mean over the head stays as it was."""
        check_content(channel)
        shift = min(0.0, float(channel.min()))
        array = (channel - shift).numpy()
        field = log_bias(array, shrink=self.shrink, iterations=self.iterations)
        corrected = array / np.exp(field)
        corrected *= array.mean(dtype=np.float64) / corrected.mean(dtype=np.float64)
        return torch.from_numpy(corrected.astype(np.float32)) + shift


def log_bias(array: npt.NDArray[np.float32], *, shrink: int, iterations: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Logarithm of the bias field on the grid of a non-negative image, found above Otsu's threshold."""
    image = SimpleITK.GetImageFromArray(array)
    mask = SimpleITK.OtsuThreshold(image, 0, 1, 128)
    factors = [min(shrink, max(1, size // 8)) for size in image.GetSize()]
    filter_ = SimpleITK.N4BiasFieldCorrectionImageFilter()
    filter_.SetMaximumNumberOfIterations(list(iterations))
    filter_.SetNumberOfThreads(torch.get_num_threads())
    filter_.Execute(SimpleITK.Shrink(image, factors), SimpleITK.Shrink(mask, factors))
    field: npt.NDArray[np.float32] = SimpleITK.GetArrayFromImage(filter_.GetLogBiasFieldAsImage(image))
    return field
