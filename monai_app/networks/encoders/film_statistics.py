"""Fixed picture statistics of a film, then an MLP: for cohorts too small to train a convolutional trunk on.

Gradient orientations in 8 x 8 cells (Dalal and Triggs, CVPR 2005; hard bins, a block a cell), a 16 x 16 picture and
grey-value quantiles: what :class:`monai_app.engines.film_features.FilmStatistics` gives boosted trees, on tensors.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

ORIENTATIONS, CELLS, PICTURE, QUANTILES = 8, 8, 16, 10


def film_statistics(film: Tensor) -> Tensor:
    """The statistics ``(B, 778)`` of films ``(B, 1, H, W)`` in [0, 1], each centred near zero."""
    film = film.float()
    orientations = functional.normalize(_orientations(film), dim=1) - 1 / math.sqrt(ORIENTATIONS)
    picture = functional.adaptive_avg_pool2d(film, PICTURE) * 2 - 1
    levels = torch.linspace(0.05, 0.95, QUANTILES, device=film.device)
    quantiles = torch.quantile(film.flatten(1), levels, dim=1).T * 2 - 1
    return torch.cat([orientations.flatten(1), picture.flatten(1), quantiles], dim=1)


def _orientations(film: Tensor) -> Tensor:
    """Gradient magnitude by unsigned orientation and cell ``(B, 8, 8, 8)``."""
    padded = functional.pad(film, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    angle = torch.atan2(down, across).remainder(math.pi)
    index = (angle * (ORIENTATIONS / math.pi)).long().clamp_max(ORIENTATIONS - 1)
    layers = torch.zeros(film.shape[0], ORIENTATIONS, *film.shape[2:], device=film.device)
    # hypot has no gradient where the film is flat; a constant stands in there, and its magnitude is zero all the same.
    flat = (across == 0) & (down == 0)
    layers.scatter_(1, index, torch.hypot(across.masked_fill(flat, 1.0), down).masked_fill(flat, 0.0))
    return functional.adaptive_avg_pool2d(layers, CELLS)


class FilmStatisticsEncoder(nn.Module):
    """Picture statistics of a film ``(B, 1, H, W)`` -> one token ``(B, 1, d)``; only the MLP learns."""

    tokens = 1

    def __init__(self, *, width: int = 128, hidden: int = 128, dropout: float = 0.3) -> None:
        super().__init__()
        self.width = width
        features = ORIENTATIONS * CELLS**2 + PICTURE**2 + QUANTILES
        self.mlp = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(features, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
        )

    def forward(self, film: Tensor) -> Tensor:
        """The token of a batch of films."""
        token: Tensor = self.mlp(film_statistics(film))
        return token[:, None]
