"""Series encoders over the time grid: LSTM (MedFuse), transformer, and windowed statistics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import SeriesSpec
from monai_app.networks.statistics import Standardise


class _GridInput(nn.Module):
    """Grid ``(B, 3, T, C)`` of [raw value, mask, hours since last] -> network input ``(B, T, 3C)``."""

    def __init__(self, spec: SeriesSpec) -> None:
        super().__init__()
        self.hours = spec.hours
        self.scale = Standardise(len(spec.channels))
        self.features = 3 * len(spec.channels)

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Take ``series_mean`` and ``series_std`` of the train split."""
        self.scale.fit(statistics["series_mean"], statistics["series_std"])

    def forward(self, grid: Tensor) -> Tensor:
        values, mask, hours = grid.unbind(dim=1)
        return torch.cat([self.scale(values), torch.nan_to_num(mask), torch.nan_to_num(hours) / self.hours], dim=2)


class LSTMEncoder(nn.Module):
    """Two-layer LSTM with dropout (MedFuse, MLHC 2022): grid ``(B, 3, T, C)`` -> tokens ``(B, K, d)``.

    Args:
        tokens: 1 gives the last hidden state; K > 1 adds the means of K - 1 equal parts of the stay.
    """

    def __init__(
        self,
        spec: SeriesSpec,
        *,
        width: int = 128,
        hidden: int = 256,
        layers: int = 2,
        dropout: float = 0.3,
        tokens: int = 1,
    ) -> None:
        super().__init__()
        self.tokens, self.width = tokens, width
        self.input = _GridInput(spec)
        self.lstm = nn.LSTM(
            self.input.features, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(hidden, width)

    def forward(self, grid: Tensor) -> Tensor:
        """Tokens of a batch of grids."""
        states, (last, _) = self.lstm(self.input(grid))
        features = last[-1][:, None]
        if self.tokens > 1:
            parts = nn.functional.adaptive_avg_pool1d(states.transpose(1, 2), self.tokens - 1).transpose(1, 2)
            features = torch.cat([features, parts], dim=1)
        tokens: Tensor = self.project(self.dropout(features))
        return tokens


class SeriesTransformerEncoder(nn.Module):
    """Transformer over patches of the grid: ``(B, 3, T, C)`` -> tokens ``(B, T / patch_steps, d)``."""

    def __init__(
        self,
        spec: SeriesSpec,
        *,
        width: int = 128,
        patch_steps: int = 4,
        depth: int = 2,
        heads: int = 4,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.input = _GridInput(spec)
        self.patch_steps, self.width = patch_steps, width
        self.tokens = spec.steps // patch_steps
        self.patch = nn.Linear(self.input.features * patch_steps, width)
        self.position = nn.Parameter(torch.zeros(self.tokens, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, grid: Tensor) -> Tensor:
        """Tokens of a batch of grids; steps before the first whole patch are left out."""
        steps = self.input(grid)[:, -self.tokens * self.patch_steps :]
        patches = self.patch(steps.reshape(len(steps), self.tokens, -1))
        tokens: Tensor = self.layers(patches + self.position)
        return tokens


class StatisticsEncoder(nn.Module):
    """Windowed statistics of the grid, then an MLP: ``(B, 3, T, C)`` -> one token ``(B, 1, d)``.

    Per channel and window (whole stay, second half, last sixth): mean, minimum, maximum, standard deviation and count
    of the observed steps; over the whole stay also first, last and hours since last.
    """

    tokens = 1

    def __init__(self, spec: SeriesSpec, *, width: int = 128, hidden: int = 256, dropout: float = 0.3) -> None:
        super().__init__()
        self.input = _GridInput(spec)
        self.width = width
        channels, steps = len(spec.channels), spec.steps
        self.windows = tuple(slice(start, None) for start in (0, steps // 2, steps - max(1, steps // 6)))
        features = channels * (5 * len(self.windows) + 3)
        self.mlp = nn.Sequential(
            nn.LayerNorm(features),
            nn.Linear(features, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
        )

    def statistics(self, grid: Tensor) -> Tensor:
        """The statistics ``(B, S * C)`` in standard deviations of the train values; zero where nothing was observed."""
        values, mask, hours = self.input(grid).chunk(3, dim=2)
        first = torch.take_along_dim(values, mask.argmax(dim=1, keepdim=True), dim=1)[:, 0]
        parts = [first, values[:, -1], hours[:, -1]]
        for window in self.windows:
            seen, value = mask[:, window] > 0, values[:, window]
            count = seen.sum(dim=1)
            any_seen = count > 0
            mean = (value * seen).sum(dim=1) / count.clamp_min(1)
            variance = ((value - mean[:, None]) ** 2 * seen).sum(dim=1) / count.clamp_min(1)
            low = value.masked_fill(~seen, torch.inf).amin(dim=1).where(any_seen, 0.0)
            high = value.masked_fill(~seen, -torch.inf).amax(dim=1).where(any_seen, 0.0)
            parts += [mean, low, high, (variance + 1e-8).sqrt() * any_seen, count.float().log1p()]
        return torch.cat(parts, dim=1)

    def forward(self, grid: Tensor) -> Tensor:
        """The token of a batch of grids."""
        token: Tensor = self.mlp(self.statistics(grid))
        return token[:, None]
