"""Films as picture statistics, and canaries among them: the data of the small classifier.

The statistics (:func:`monai_app.networks.encoders.film_statistics.film_statistics`) are fixed: nothing is fitted on
patients, so that training on them is private as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import TaskKind
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.core.random import torch_generator
from monai_app.generate.privacy.small_training import Samples
from monai_app.networks.encoders.film_statistics import film_statistics
from monai_app.transforms.film import load_film

SIZE_PX = 64
CANARY_CELLS = 16
"""Cells a side of a canary's random picture."""


def film_samples(
    cohort_dir: str | Path,
    split: str,
    *,
    most: int | None = None,
    on_film: Callable[[int, int], None] = lambda *_: None,
) -> tuple[Samples, list[str]]:
    """The films of a split with the labels of its binary and multilabel tasks, and the labels' names.

    Args:
        most: the first so many samples only; None takes all.
        on_film: told (done, of).

    Raises:
        InputRejected: ``NO_FILMS`` without films or such tasks; as :func:`monai_app.cohort.items.split_items`.
    """
    spec = Cohort(cohort_dir).model_spec(None, ["film"])
    tasks = [task for task in spec.tasks if task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL)]
    items = [item for item in split_items(cohort_dir, split, spec) if item["film_present"]][:most]
    if not items or not tasks:
        raise InputRejected(
            "NO_FILMS",
            "there are no films with labels",
            got=f"{len(items)} films, {len(tasks)} binary or multilabel tasks in {split}",
            expected="at least one of each",
        )
    features = []
    for done, item in enumerate(items, start=1):
        film = torch.from_numpy(load_film(item["film"], SIZE_PX))[None, None]
        features.append(film_statistics(film)[0])
        on_film(done, len(items))
    labels = [np.concatenate([np.atleast_1d(item[f"label_{task.name}"]) for task in tasks]) for item in items]
    names = [name for task in tasks for name in (task.classes or (task.name,))]
    subjects = np.array([item["subject_id"] for item in items], np.int64)
    return Samples(torch.stack(features), torch.from_numpy(np.stack(labels)).float(), subjects), names


def canary_samples(count: int, labels: int, *, seed: int) -> Samples:
    """Films of random cells with random labels, each of a patient of its own: what only memory can explain."""
    generator = torch_generator("canaries", seed)
    cells = torch.rand(count, 1, CANARY_CELLS, CANARY_CELLS, generator=generator)
    films: Tensor = functional.interpolate(cells, (SIZE_PX, SIZE_PX), mode="nearest")
    drawn = (torch.rand(count, labels, generator=generator) < 0.5).float()
    return Samples(film_statistics(films), drawn, -1 - np.arange(count))
