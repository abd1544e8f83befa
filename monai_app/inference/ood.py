"""Is a volume like the training data? Mahalanobis distance of pooled features, and the network's own confidence.

The features are those of the network's deepest layer, averaged over the volume (Lee et al., NeurIPS 2018), taken from
the very passes that segment it. Fitted on train, limits chosen on tuning; stored with the weights they belong to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_weights, save_weights
from monai_app.metrics.mahalanobis import Floats, Gaussian

FILE_NAME = "familiarity.safetensors"
"""Fitted by an evaluation on what its own inferer sees, flips and whole windows included."""

LEAN_FILE_NAME = "familiarity_lean.safetensors"
"""Fitted on what lean inference sees: features and confidence depend on windows, crop and flips: each has its own."""
FEWEST = 10
"""Volumes of train and of tuning below which nothing is fitted."""


class FeaturePool:
    """Collects the mean and spread over space of a layer's channels, averaged over the windows of a volume."""

    def __init__(self) -> None:
        self._sum, self._windows = torch.zeros(()), 0

    def add(self, output: Tensor) -> None:
        """Take a layer's output (B, F, i, j, k)."""
        flat = output.detach().float().flatten(2)
        pooled = torch.cat([flat.mean(2), flat.std(2, correction=0)], dim=1)
        self._sum, self._windows = self._sum + pooled.sum(0).cpu(), self._windows + len(pooled)

    def features(self) -> Floats:
        """(2 F,) of everything since the last call, which is then forgotten.

        Raises:
            ValueError: no window was seen.
        """
        if not self._windows:
            msg = "Features need a pass of the network, got none"
            raise ValueError(msg)
        mean = (self._sum / self._windows).double().numpy()
        self.forget()
        return np.asarray(mean)

    def forget(self) -> None:
        """Leave out what was seen since the last call of :meth:`features`."""
        self._sum, self._windows = torch.zeros(()), 0


@contextmanager
def watched(network: nn.Module, layer: str) -> Iterator[FeaturePool]:
    """Pool a layer's output during the passes inside the block.

    Args:
        layer: dotted name of a module, such as ``bottleneck``.

    Raises:
        AttributeError: the network has no such layer.
    """
    pool = FeaturePool()
    handle = network.get_submodule(layer).register_forward_hook(lambda _module, _inputs, output: pool.add(output))
    try:
        yield pool
    finally:
        handle.remove()


def confidence(probabilities: Tensor) -> float:
    """Mean probability of the winning class over the voxels of structures; 0 where nothing was found.

    Args:
        probabilities: (C, I, J, K).
    """
    best, labels = probabilities.max(dim=0)
    found = best[labels > 0]
    return float(found.mean()) if len(found) else 0.0


@dataclass(frozen=True)
class Verdict:
    """Whether a volume looks familiar.

    Attributes:
        distance: Mahalanobis distance of its features.
        confidence: see :func:`confidence`.
        unfamiliar: beyond either limit.
    """

    distance: float
    confidence: float
    unfamiliar: bool


@dataclass(frozen=True)
class Familiarity:
    """What a model's training volumes look like.

    Attributes:
        gaussian: of the pooled features of train.
        distance_limit: the ``at`` quantile of tuning distances.
        confidence_limit: the ``1 - at`` quantile of tuning confidences.
        at: share of familiar volumes that each limit lets pass.
        model_sha256: of the weights it was fitted for.
    """

    gaussian: Gaussian
    distance_limit: float
    confidence_limit: float
    at: float
    model_sha256: str

    @classmethod
    def fit(
        cls, train: Floats, tuning: Floats, tuning_confidence: NDArray[np.float64], *, at: float, weights: str | Path
    ) -> Familiarity | None:
        """From features (N, F) of train and tuning; None with fewer than :data:`FEWEST` volumes in either.

        Args:
            weights: the file that gave them.
        """
        if min(len(train), len(tuning)) < FEWEST:
            return None
        gaussian = Gaussian.fit(train)
        distance = float(np.quantile(gaussian.distance(tuning), at))
        return cls(gaussian, distance, float(np.quantile(tuning_confidence, 1 - at)), at, sha256_file(weights))

    def judge(self, features: Floats, sure: float) -> Verdict:
        """One volume's features (F,) and confidence."""
        distance = float(self.gaussian.distance(features[None])[0])
        return Verdict(distance, sure, bool(distance > self.distance_limit or sure < self.confidence_limit))

    def write(self, folder: str | Path, *, file_name: str = FILE_NAME) -> None:
        """Store beside the weights."""
        numbers = torch.tensor([self.distance_limit, self.confidence_limit, self.at], dtype=torch.float64)
        digest = torch.tensor(list(bytes.fromhex(self.model_sha256)), dtype=torch.uint8)
        tensors = {**self.gaussian.tensors("features"), "limits": numbers, "model_sha256": digest}
        save_weights(Path(folder) / file_name, tensors)

    @classmethod
    def read(
        cls, folder: str | Path, weights_name: str = "model.safetensors", *, file_name: str = FILE_NAME
    ) -> Familiarity | None:
        """What is stored in a model folder; None where nothing is.

        Raises:
            InputRejected: ``FAMILIARITY_MISFIT`` when it was fitted for other weights; ``HASH_MISSING``,
                ``HASH_MISMATCH``.
        """
        path = Path(folder) / file_name
        if not path.is_file():
            return None
        tensors = load_weights(path)
        digest = bytes(tensors["model_sha256"].tolist()).hex()
        if digest != sha256_file(Path(folder) / weights_name):
            raise InputRejected(
                "FAMILIARITY_MISFIT",
                "familiarity was fitted for other weights",
                got=digest[:12],
                expected="that of the weights beside it",
                remedy="Evaluate the model again, which fits it anew.",
            )
        distance, sure, at = tensors["limits"].tolist()
        return cls(Gaussian.from_tensors(tensors, "features"), distance, sure, at, digest)
