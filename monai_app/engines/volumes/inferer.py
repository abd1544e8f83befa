"""Class probabilities of whole volumes by sliding windows, in bf16 where it pays, with flips where they help."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.inferers import SlidingWindowInferer
from torch import Tensor

from monai_app.engines.precision import AutocastInferer, Precision, has_bf16
from monai_app.transforms.volume.body import background_beside, everything, find_body
from monai_app.transforms.volume.window import window


class VolumeInferer(SlidingWindowInferer):
    """MONAI's sliding windows, giving probabilities ``(B, C, I, J, K)`` of logits averaged over windows.

    Args:
        patch: voxels of a window.
        overlap: share of a window that the next one sees again.
        divisor: the sides of a window are multiples of it, as the network's strides ask.
        windows: at once.
        precision: ``fp32``, ``bf16``, ``auto`` (bf16 where the processor multiplies it natively), or an inferer that
            has settled (that of the training).
        flips: spatial axes (0 to 2) that the volume is mirrored along, one list a pass; probabilities are averaged.
        air: the largest value of the first channel, as the network sees it, that is surely air around a body; what lies
            beside the body is background then. None judges no voxel.
    """

    def __init__(
        self,
        patch: Sequence[int],
        *,
        overlap: float = 0.25,
        divisor: int = 8,
        windows: int = 1,
        precision: str | AutocastInferer = "fp32",
        flips: Sequence[Sequence[int]] = ((),),
        air: float | None = None,
    ) -> None:
        super().__init__(tuple(patch), windows, overlap, mode="gaussian", sigma_scale=0.125)
        self.patch, self.divisor, self.flips = tuple(patch), divisor, tuple(tuple(axes) for axes in flips)
        self.air = air
        if precision == Precision.AUTO:
            precision = Precision.BF16 if has_bf16(default_device()) else Precision.FP32
        self.precise = AutocastInferer(precision) if isinstance(precision, str) else precision

    @property
    def plain(self) -> VolumeInferer:
        """The same without flips: one pass a window."""
        single = copy.copy(self)
        single.flips = ((),)
        return single

    def __call__(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Tensor:
        """Probabilities of a volume ``(B, S, I, J, K)``."""
        self.roi_size = window(inputs.shape[2:], self.patch, self.divisor)
        total = torch.zeros(())
        for axes in self.flips:
            dims = [axis + 2 for axis in axes]
            logits = super().__call__(inputs.flip(dims), self._network(network), *args, **kwargs)
            total = total + torch.softmax(torch.as_tensor(logits).float(), dim=1).flip(dims)
        mean = total / len(self.flips)
        return mean if self.air is None else self._without_air(mean, inputs, self.air)

    def _without_air(self, probabilities: Tensor, inputs: Tensor, air: float) -> Tensor:
        for image, found in zip(inputs, probabilities, strict=True):
            body = find_body(image[0].float().cpu(), air=air)
            background_beside(found, body.beside_in(everything(body.shape)).to(found.device))
        return probabilities

    def _network(self, network: Callable[..., Any]) -> Callable[..., Any]:
        return lambda part, *args, **kwargs: self.precise(part, network, *args, **kwargs)


def default_device() -> torch.device:
    """The accelerator where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
