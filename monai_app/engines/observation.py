"""What a network's encoders make of the samples of a split, modality by modality, and what they were given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.engines.batches import prepare_multimodal_batch
from monai_app.engines.build import model_items
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.input_statistics import input_statistics
from monai_app.engines.model_folder import plain_network
from monai_app.networks import MultimodalNetwork

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sight:
    """One modality of N samples, n of which have it.

    Attributes:
        present: (N,) bool.
        tokens: (n, d), the mean over the encoder's tokens; infinite where it is not a number.
        inputs: (n, F) of :func:`monai_app.engines.input_statistics.input_statistics`.
    """

    present: NDArray[np.bool_]
    tokens: Floats
    inputs: Floats


Sights = Mapping[str, Sight]
"""By modality."""


@torch.inference_mode()
def observe(network: MultimodalNetwork, batches: Iterable[Mapping[str, Any]]) -> dict[str, Sight]:
    """Encode batches of a loader.

    Raises:
        AppError: the typed error of a sample that could not be preprocessed.
        InputRejected: ``ALL_MODALITIES_MISSING``.
    """
    device = next(network.parameters()).device
    network.eval()
    parts: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {name: [] for name in network.modalities}
    for batch in batches:
        inputs, _ = prepare_multimodal_batch(batch, device)
        present = network.presence(inputs)
        tokens = network.encode(inputs, present)
        for index, name in enumerate(network.modalities):
            here = present[:, index]
            pooled = tokens[name][here].mean(dim=1).double().nan_to_num(nan=torch.inf)
            parts[name].append((here.cpu(), pooled.cpu(), input_statistics(name, inputs[name][here]).cpu()))
    return {
        name: Sight(*(torch.cat(column).numpy() for column in zip(*rows, strict=True))) for name, rows in parts.items()
    }


@dataclass(frozen=True)
class Observer:
    """Observes the samples of an evaluator, and on demand those of the other splits, which are not read before.

    Attributes:
        evaluator: with the trained network.
        cohort_dir: where the splits are.
        spec: of the model.
        preprocessing: from items to tensors.
        batch_size: samples at once.
        workers: processes that read ahead.
        cache_dir: of :class:`monai_app.engines.data.SampleDataset`.
    """

    evaluator: MultimodalEvaluator
    cohort_dir: str | Path
    spec: ModelSpec
    preprocessing: Callable[[Any], Any] | None = None
    batch_size: int = 64
    workers: int = 0
    cache_dir: str | None = None

    @property
    def network(self) -> MultimodalNetwork:
        """Without the shells of averaging and of distributed training."""
        return cast(MultimodalNetwork, plain_network(self.evaluator.network))

    def samples(self) -> dict[str, Sight]:
        """The evaluator's own samples, in their order."""
        return observe(self.network, self.evaluator.loader)

    def split(self, name: str) -> dict[str, Sight]:
        """The samples of a split.

        Raises:
            InputRejected: as :func:`monai_app.engines.build.model_items`.
        """
        items = model_items(self.cohort_dir, name, self.spec)
        dataset = SampleDataset(items, self.preprocessing, cache_dir=self.cache_dir)
        return observe(self.network, sample_loader(dataset, batch_size=self.batch_size, workers=self.workers))
