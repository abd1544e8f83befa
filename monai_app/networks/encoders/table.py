"""Table encoder: an MLP over standardised values, their presence and their censoring."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.networks.statistics import Standardise


class TableEncoder(nn.Module):
    """A table ``(B, 2, F)`` of [value (NaN unknown), censored -1/0/+1] -> one token ``(B, 1, d)``."""

    tokens = 1

    def __init__(self, fields: int, *, width: int = 128, hidden: int = 128, dropout: float = 0.3) -> None:
        super().__init__()
        self.width = width
        self.scale = Standardise(fields)
        self.mlp = nn.Sequential(
            nn.Linear(3 * fields, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, width)
        )

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Take ``table_mean`` and ``table_std`` of the train split."""
        self.scale.fit(statistics["table_mean"], statistics["table_std"])

    def forward(self, table: Tensor) -> Tensor:
        """The token of a batch of tables."""
        values, censored = table[:, 0], torch.nan_to_num(table[:, 1])
        known = torch.isfinite(values).to(censored.dtype)
        token: Tensor = self.mlp(torch.cat([self.scale(values), known, censored], dim=1))
        return token[:, None]
