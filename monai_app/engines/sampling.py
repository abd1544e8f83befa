"""Which rows make which batch: a function of (seed, epoch) that can start at any batch, so that resuming is exact."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import StrEnum

import torch
from torch.utils.data import Sampler

from monai_app.core.random import torch_generator


class Order(StrEnum):
    """The order of rows within an epoch."""

    SEQUENTIAL = "sequential"
    SHUFFLED = "shuffled"
    BALANCED = "balanced"


class EpochBatches(Sampler[list[tuple[int, int]]]):
    """Batches of keys ``(epoch, row)``; the epoch in the key lets a worker seed its random transforms.

    Args:
        rows: number of samples.
        batch_size: samples a batch and process.
        order: ``balanced`` draws rows with replacement, in proportion to ``row_weights``.
        seed: of the order.
        row_weights: a weight a row, for ``balanced``.
        draws: rows drawn an epoch, for ``balanced``; None draws as many as there are.
        rank: of this process; each process takes every ``world_size``-th batch of the common order.
        world_size: number of processes. With several, the order is padded with its own beginning to equal shares.
    """

    draws: int | None = None

    def __init__(
        self,
        rows: int,
        batch_size: int,
        *,
        order: Order = Order.SHUFFLED,
        seed: int = 0,
        row_weights: Sequence[float] | None = None,
        draws: int | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if rows < 1 or batch_size < 1:
            msg = f"Rows and batch size must be positive, got {rows} and {batch_size}"
            raise ValueError(msg)
        if (order is Order.BALANCED) != (row_weights is not None):
            msg = f"Row weights belong to the balanced order and only to it, got order {order.value!r}"
            raise ValueError(msg)
        if draws is not None and (order is not Order.BALANCED or draws < 1):
            msg = f"A number of draws is positive and belongs to the balanced order, got {draws} of {order.value!r}"
            raise ValueError(msg)
        self.rows, self.batch_size, self.order, self.seed = rows, batch_size, order, seed
        if draws is not None:  # else no entry: what makes a training itself stays what it was
            self.draws = draws
        self.row_weights = None if row_weights is None else torch.as_tensor(row_weights, dtype=torch.float64)
        self.rank, self.world_size = rank, world_size
        self.epoch, self.first_batch = 1, 0

    def start_at(self, epoch: int, first_batch: int = 0) -> None:
        """Make the next iteration that of ``epoch`` (from 1), beginning with batch ``first_batch`` (from 0)."""
        self.epoch, self.first_batch = epoch, first_batch

    def epoch_order(self, epoch: int) -> list[int]:
        """The rows of an epoch in order."""
        if self.order is Order.SEQUENTIAL:
            return list(range(self.rows))
        generator = torch_generator(self.seed, "order", epoch)
        if self.row_weights is not None:
            return torch.multinomial(self.row_weights, self.per_epoch, replacement=True, generator=generator).tolist()
        return torch.randperm(self.rows, generator=generator).tolist()

    @property
    def per_epoch(self) -> int:
        """Rows of an epoch, over all processes."""
        return self.rows if self.draws is None else self.draws

    def __len__(self) -> int:
        return math.ceil(self.per_epoch / (self.batch_size * self.world_size))

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        epoch, order = self.epoch, self.epoch_order(self.epoch)
        if self.world_size > 1:
            total = len(self) * self.batch_size * self.world_size
            order = (order * math.ceil(total / len(order)))[:total]
        for batch in range(self.first_batch, len(self)):
            start = (batch * self.world_size + self.rank) * self.batch_size
            yield [(epoch, row) for row in order[start : start + self.batch_size]]
