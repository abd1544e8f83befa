"""The mean film of a split as the network sees films: what a film is compared with where blurring leaves too much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from monai_app.core.errors import InputRejected
from monai_app.engines.batches import REJECTED
from monai_app.engines.data import SampleDataset

Floats = npt.NDArray[np.float32]

MOST_FILMS = 200
"""So many films are enough: their mean is smooth."""


def mean_film(dataset: SampleDataset, *, films: int = MOST_FILMS) -> Floats:
    """The mean (S, S) of the first films of a dataset.

    Raises:
        InputRejected: ``NO_FILMS``.
    """
    total, count = torch.zeros(()), 0
    for row, item in enumerate(dataset.data):
        if count == films:
            break
        if not item.get("film_present"):
            continue
        sample = dataset[row]
        assert isinstance(sample, dict), "a film is one sample"
        if REJECTED not in sample:
            total = total + torch.as_tensor(np.asarray(sample["film"]), dtype=torch.float64)[0]
            count += 1
    if not count:
        raise InputRejected(
            "NO_FILMS",
            "there are no films to compare with",
            expected="a train split with films",
            remedy="Compare with the blurred film instead.",
        )
    found: Floats = (total / count).numpy().astype(np.float32)
    return found
