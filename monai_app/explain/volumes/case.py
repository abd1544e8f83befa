"""A volume before one network: the score of any change of one of its sequences, all others as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.explain.target import Target
from monai_app.explain.views import View
from monai_app.explain.volumes.baseline import Baseline, replacement
from monai_app.explain.volumes.seen import SeenVolume

VOLUME = "volume"
"""Name of the one input of a volume's case."""

BLOCKS_A_SIDE = 16
"""When a map is scored, a volume is replaced in cubes of a sixteenth of its longest side."""


@dataclass(frozen=True, eq=False)
class VolumeCase:
    """A volume, or a window of it, and what a network says of it.

    Attributes:
        network: in evaluation mode.
        target: what is explained.
        seen: what the network is given.
        head: what the network returns for ``(n, S, I, J, K)`` -> scores ``(n,)``.
        channel: the sequence whose voxels are features.
        sequence: its name.
        layer: name of the layer that Grad-CAM weighs.
        baseline: what removed voxels are replaced by.
    """

    network: nn.Module
    target: Target
    seen: SeenVolume
    head: Callable[[Any], Tensor]
    channel: int = 0
    sequence: str = "image"
    layer: str | None = None
    baseline: Baseline = Baseline.BLUR

    @cached_property
    def score(self) -> float:
        """The explained number of the volume."""
        with torch.no_grad():
            return float(self.head(self.network(self.seen.image[None]))[0])

    def scorer(self, name: str) -> Callable[[Tensor], Tensor]:
        """Images ``(n, S, I, J, K)`` -> scores ``(n,)``."""
        assert name == VOLUME, "a volume has one input"
        return lambda image: self.head(self.network(image))

    def encoder(self, name: str) -> nn.Module:
        """The network as a whole."""
        assert name == VOLUME, "a volume has one input"
        return self.network

    def feature_map(self, name: str) -> nn.Module | None:
        """The layer that Grad-CAM weighs."""
        known = dict(self.encoder(name).named_modules())
        return None if self.layer is None else known.get(self.layer)

    def view(self, name: str) -> View:
        """The voxels of the sequence."""
        assert name == VOLUME, "a volume has one input"
        return self._view

    @cached_property
    def _view(self) -> View:
        seen, channel = self.seen, self.channel
        original = seen.image[channel][None]
        away, how = replacement(original[0].cpu().numpy(), seen, self.baseline)
        others = "" if len(seen.image) == 1 else ", the other sequences as they are"
        what = VOLUME if len(seen.image) == 1 else self.sequence
        text = f"the same {what} {how}{others}"

        def assemble(x: Tensor) -> Tensor:
            parts = list(seen.image[None].expand(len(x), -1, -1, -1, -1).unbind(1))
            parts[channel] = x
            return torch.stack(parts, dim=1)

        spread = float(original[0][torch.from_numpy(seen.filled).to(original.device)].std(correction=0))
        return View(
            VOLUME,
            original,
            torch.from_numpy(away)[None].to(original),
            assemble,
            seen.filled,
            None,
            text,
            torch.full_like(original, spread),
            blocks(seen.shape),
        )


def blocks(shape: tuple[int, int, int]) -> np.ndarray:
    """Numbers ``(I, J, K)`` of cubes of voxels."""
    side = max(1, max(shape) // BLOCKS_A_SIDE)
    counts = [-(-length // side) for length in shape]
    i, j, k = np.meshgrid(*(np.arange(length) // side for length in shape), indexing="ij")
    numbers: np.ndarray = ((i * counts[1] + j) * counts[2] + k).astype(np.int64)
    return numbers
