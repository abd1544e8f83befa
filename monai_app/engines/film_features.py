"""Numbers from a film for gradient-boosted trees: plain picture statistics, or the output of a frozen encoder.

HOG: Dalal and Triggs, CVPR 2005 (scikit-image).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.feature import hog
from skimage.measure import block_reduce

from monai_app.transforms.film import load_film

Floats = NDArray[np.float64]


class FilmFeatures(Protocol):
    """Turns films into rows of numbers."""

    name: str

    def __call__(self, paths: Sequence[str]) -> Floats:
        """Features (N, F) of N films."""
        ...


class FilmStatistics:
    """Gradient orientations in 8 x 8 cells, a 16 x 16 picture and grey-value quantiles of the letterboxed film.

    Args:
        size_px: side of the square the film is reduced to; a multiple of 16.
    """

    name = "statistics"

    def __init__(self, size_px: int = 64) -> None:
        self.size_px = size_px

    def __call__(self, paths: Sequence[str]) -> Floats:
        """Features (N, F) of the films at these paths."""
        rows = [self._row(load_film(path, self.size_px).astype(np.float64)) for path in paths]
        return np.stack(rows) if rows else np.zeros((0, self._row(np.zeros((self.size_px,) * 2)).size))

    def _row(self, film: Floats) -> Floats:
        cell = self.size_px // 8
        orientations = hog(film, orientations=8, pixels_per_cell=(cell, cell), cells_per_block=(1, 1))
        small = block_reduce(film, (self.size_px // 16,) * 2, np.mean)
        quantiles = np.quantile(film, np.linspace(0.05, 0.95, 10))
        return np.concatenate([orientations, small.ravel(), quantiles])


class FrozenFilmEncoder:
    """The pooled tokens of a trained film encoder, which is not trained further.

    Args:
        encoder: (B, 1, H, W) -> tokens (B, K, d), such as ``network.encoders.film`` of a trained network.
        transform: MONAI transforms from ``{"film": path, "film_present": True}`` to a film (1, H, W).
        name: what to call it in the model's record.
        batch_size: films at once.
    """

    def __init__(
        self,
        encoder: torch.nn.Module,
        transform: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        *,
        name: str = "frozen encoder",
        batch_size: int = 32,
    ) -> None:
        self.encoder, self.transform, self.name, self.batch_size = encoder.eval(), transform, name, batch_size

    @torch.inference_mode()
    def __call__(self, paths: Sequence[str]) -> Floats:
        """Features (N, d) of the films at these paths."""
        device = next(self.encoder.parameters()).device
        parts = []
        for start in range(0, len(paths), self.batch_size):
            batch = [
                self.transform({"film": path, "film_present": True}) for path in paths[start : start + self.batch_size]
            ]
            films = torch.stack([torch.as_tensor(sample["film"]) for sample in batch]).to(device)
            parts.append(self.encoder(films).mean(dim=1).double().cpu().numpy())
        return np.concatenate(parts) if parts else np.zeros((0, 0))
