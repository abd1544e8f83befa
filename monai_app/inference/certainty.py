"""How sure a network is, read off its probabilities while they stream by: nobody keeps them for that."""

from __future__ import annotations

import torch
from torch import Tensor

_SMALLEST = 1e-12


class Certainty:
    """Sums over the network's voxels, fed with slabs of probabilities."""

    def __init__(self, channels: int) -> None:
        self._voxels = torch.zeros(channels, dtype=torch.float64)
        self._best, self._entropy = torch.zeros_like(self._voxels), torch.zeros_like(self._voxels)

    def __call__(self, probabilities: Tensor) -> None:
        """Take a slab ``(C, n, a, b)``; only voxels that are not surely background are looked at."""
        seen = probabilities[0] < 1.0
        columns = probabilities[:, seen].double()
        best, label = columns.max(dim=0)
        entropy = -(columns * columns.clamp_min(_SMALLEST).log()).sum(dim=0)
        for sums, values in ((self._voxels, torch.ones_like(best)), (self._best, best), (self._entropy, entropy)):
            sums.index_add_(0, label, values)

    @property
    def confidence(self) -> float:
        """Mean probability of the winning class over the voxels of structures; 0 where nothing was found."""
        found = float(self._voxels[1:].sum())
        return float(self._best[1:].sum()) / found if found else 0.0

    @property
    def entropy(self) -> list[float | None]:
        """Mean entropy (nats) over the voxels of every structure; None where it was not found."""
        pairs = zip(self._entropy[1:].tolist(), self._voxels[1:].tolist(), strict=True)
        return [total / voxels if voxels else None for total, voxels in pairs]
