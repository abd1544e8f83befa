"""Fitted normalisation as buffers, so that it travels with the weights and cannot drift from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn


@runtime_checkable
class TakesStatistics(Protocol):
    """A module with a normalisation to be fitted."""

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Take what concerns it from the fitted statistics."""


def copy_statistic(buffer: Tensor, value: np.ndarray | Tensor) -> None:
    """Copy a fitted array into a buffer of the same shape.

    Raises:
        ValueError: the shapes differ.
    """
    tensor = torch.as_tensor(np.asarray(value), dtype=buffer.dtype).reshape(-1)
    if tensor.shape != buffer.shape:
        msg = f"A fitted statistic must have shape {tuple(buffer.shape)}, got {tuple(tensor.shape)}"
        raise ValueError(msg)
    buffer.copy_(tensor)


def spread_statistics(module: nn.Module, statistics: Mapping[str, np.ndarray]) -> None:
    """Hand the fitted statistics to every submodule that has a ``set_statistics`` of its own."""
    for child in module.modules():
        if child is not module and isinstance(child, TakesStatistics):
            child.set_statistics(statistics)


class Standardise(nn.Module):
    """``(x - mean) / std`` with unknown (NaN) values at the train mean, clipped to ``+-limit`` standard deviations."""

    mean: Tensor
    std: Tensor

    def __init__(self, features: int, limit: float = 6.0) -> None:
        super().__init__()
        self.limit = limit
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))

    def forward(self, values: Tensor) -> Tensor:
        """Standardise the last axis."""
        scaled = (values - self.mean) / self.std
        return torch.nan_to_num(scaled, nan=0.0).clamp(-self.limit, self.limit)

    def fit(self, mean: np.ndarray, std: np.ndarray) -> None:
        """Set mean and standard deviation; a constant feature keeps unit scale."""
        copy_statistic(self.mean, mean)
        safe = np.where(np.asarray(std) > 1e-6, std, 1.0)
        copy_statistic(self.std, safe)
