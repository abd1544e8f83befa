"""Datasets and loaders: MONAI transforms over a split's items, random ones seeded per (seed, epoch, sample)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

import torch
from monai.data import Dataset
from monai.transforms import Compose, Randomizable
from torch.utils.data import DataLoader

from monai_app.core.errors import InputRejected
from monai_app.core.random import derive_seed, torch_generator
from monai_app.engines.batches import REJECTED, ROW, collate_samples
from monai_app.engines.cache import PreparedCache
from monai_app.engines.distributed import rank, world_size
from monai_app.engines.sampling import EpochBatches, Order
from monai_app.engines.unwrap import typed_cause

logger = logging.getLogger(__name__)


class SampleDataset(Dataset):
    """A MONAI dataset whose samples are a function of (seed, epoch, row), however many workers read it.

    Args:
        data: items of ``cohort.items.split_items``.
        transform: MONAI transforms.
        seed: of the random transforms.
        cache_dir: keep what the transforms before the first random one make of a sample (:class:`PreparedCache`).
    """

    def __init__(
        self,
        data: Sequence[Mapping[str, Any]],
        transform: Callable[[Any], Any] | None = None,
        *,
        seed: int = 0,
        cache_dir: str | None = None,
    ) -> None:
        super().__init__(data=data, transform=Compose([]) if transform is None else transform)
        self.seed = seed
        steps = self.transform.flatten().transforms
        fixed = list(takewhile(lambda step: not isinstance(step, Randomizable), steps))
        self.is_random = len(fixed) < len(steps)
        self.cache = None if cache_dir is None else PreparedCache(cache_dir, Compose(fixed))
        self.after_cache = Compose(steps[len(fixed) :])

    def __getitem__(self, index: Any) -> dict[str, Any] | list[dict[str, Any]]:
        """The sample of a row, or of a key ``(epoch, row)``; a typed rejection is carried as an entry.

        Transforms that cut several patches from a volume give a list of samples.
        """
        epoch, row = index if isinstance(index, tuple) else (0, index)
        chain = self.transform if self.cache is None else self.after_cache
        if self.is_random:
            chain.set_random_state(seed=derive_seed(self.seed, "sample", epoch, row))
        try:
            item = dict(self.data[row])
            sample = chain(item if self.cache is None else self.cache(item))
        except Exception as error:
            typed = typed_cause(error)
            if typed is None:
                raise
            return {REJECTED: typed}
        if isinstance(sample, list):
            return [{**part, ROW: row} for part in sample]
        return {**sample, ROW: row}


def usable_items(items: Sequence[Mapping[str, Any]], modalities: Sequence[str]) -> list[Mapping[str, Any]]:
    """The items that have at least one modality; the number left out is logged, since no model predicts from nothing.

    Raises:
        InputRejected: ``ALL_MODALITIES_MISSING`` when none is left.
    """
    kept = [item for item in items if any(bool(item[f"{name}_present"]) for name in modalities)]
    if not kept:
        raise InputRejected(
            "ALL_MODALITIES_MISSING",
            "no sample has any of the model's modalities",
            got=f"{len(items)} samples without",
            expected="at least one sample with " + ", ".join(modalities),
            remedy="Look at the overlap table of `monai-app cohort check`.",
        )
    if len(kept) < len(items):
        logger.warning("%d of %d samples have no modality and are left out", len(items) - len(kept), len(items))
    return kept


def sample_loader(
    dataset: SampleDataset,
    *,
    batch_size: int,
    order: str = "sequential",
    workers: int = 0,
    seed: int = 0,
    row_weights: Sequence[float] | None = None,
    draws: int | None = None,
    shared: bool = False,
) -> DataLoader:
    """A loader that draws nothing from a global generator and can start at any batch (:class:`EpochBatches`).

    Args:
        order: ``sequential``, ``shuffled`` or ``balanced`` (see :class:`Order`).
        workers: processes that read ahead; 0 reads in this one.
        draws: rows an epoch, of the order ``balanced``; None takes as many as there are.
        shared: split each epoch over the processes of a distributed training.
    """
    batches = EpochBatches(
        len(dataset),
        batch_size,
        order=Order(order),
        seed=seed,
        row_weights=row_weights,
        draws=draws,
        rank=rank() if shared else 0,
        world_size=world_size() if shared else 1,
    )
    return DataLoader(
        dataset,
        batch_sampler=batches,
        num_workers=workers,
        collate_fn=collate_samples,
        generator=torch_generator(seed, "loader"),
        persistent_workers=workers > 0,
        pin_memory=torch.cuda.is_available(),
    )
