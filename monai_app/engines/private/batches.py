"""Batches for private training: each step takes every patient with the same probability, and one sample of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader

from monai_app.core.random import torch_generator
from monai_app.engines.batches import Sample, collate_samples
from monai_app.engines.data import SampleDataset
from monai_app.engines.sampling import EpochBatches
from monai_app.generate.privacy.sampling import NoiseSeed, poisson_rows, rows_by_patient


class PatientBatches(EpochBatches):
    """Poisson batches as keys ``(epoch, row)``, of varying size and possibly empty.

    An epoch is as many steps as it takes to see each patient once on average. A batch is a function of (secret seed,
    epoch, batch), so that a training resumes exactly.

    Args:
        subject_id: the patient of each row.
        batch_size: patients a step on average.
        secret: seed of the draws.
    """

    def __init__(self, subject_id: Sequence[int], batch_size: int, secret: NoiseSeed) -> None:
        self.patients = rows_by_patient(subject_id)
        super().__init__(len(subject_id), min(batch_size, max(1, len(self.patients))))
        self.secret = secret
        self.sampling_rate = self.batch_size / len(self.patients)

    def __len__(self) -> int:
        return -(-len(self.patients) // self.batch_size)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        epoch = self.epoch
        for batch in range(self.first_batch, len(self)):
            generator = torch_generator(self.secret.seed, "poisson", epoch, batch)
            yield [(epoch, row) for row in poisson_rows(self.patients, self.sampling_rate, generator)]


def collate_some(rows: Sequence[Sample]) -> dict[str, Any]:
    """As :func:`monai_app.engines.batches.collate_samples`; nobody gives an empty batch."""
    return collate_samples(rows) if rows else {}


def patient_loader(
    dataset: SampleDataset, *, batch_size: int, noise_seed: int | None = None, workers: int = 0, seed: int = 0
) -> DataLoader:
    """A loader of Poisson batches of patients.

    Args:
        dataset: of items with ``subject_id``.
        batch_size: patients a step on average.
        noise_seed: of sampling and noise; None draws a secret one.
        workers: processes that read ahead.
        seed: of what is no secret, such as the workers' own.
    """
    subject_id = [int(item["subject_id"]) for item in dataset.data]
    return DataLoader(
        dataset,
        batch_sampler=PatientBatches(subject_id, batch_size, NoiseSeed(noise_seed)),
        num_workers=workers,
        collate_fn=collate_some,
        generator=torch_generator(seed, "loader"),
        persistent_workers=workers > 0,
        pin_memory=torch.cuda.is_available(),
    )
