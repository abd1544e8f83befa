"""Evaluation of classifiers of volumes: predictions as every other model gives them, and what novelty looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from monai_app.cohort.normalisation import fit_statistics
from monai_app.cohort.spec import ModalitySpec, ModelSpec
from monai_app.cohort.volume_items import volume_items
from monai_app.cohort.volume_targets import ClassificationSpec, VolumeInput
from monai_app.core.atomic import sha256_file
from monai_app.engines.batches import prepare_volume_batch
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import BatchEvaluator, MultimodalEvaluator
from monai_app.engines.model_folder import plain_network, read_record
from monai_app.engines.observation import Observer, Sight
from monai_app.networks.volume import VolumeClassifier

_PICTURE, _LEVELS = 4, 10


class ClassificationEvaluator(MultimodalEvaluator):
    """Runs a classifier over volumes; arguments as :class:`BatchEvaluator`, predictions as its parent."""

    def __init__(
        self, device: torch.device, val_data_loader: DataLoader, network: torch.nn.Module, **arguments: Any
    ) -> None:
        BatchEvaluator.__init__(self, device, val_data_loader, network, prepare_batch=prepare_volume_batch, **arguments)


class VolumeObserver(Observer):
    """Observes volumes; ``cohort_dir`` is the data list, ``spec`` a :class:`ClassificationSpec`."""

    def samples(self) -> dict[str, Sight]:
        """The evaluator's own volumes, in their order."""
        return observe_volumes(cast(VolumeClassifier, plain_network(self.evaluator.network)), self.evaluator.loader)

    def split(self, name: str) -> dict[str, Sight]:
        """The volumes of a split.

        Raises:
            InputRejected: as :func:`monai_app.cohort.volume_items.volume_items`.
        """
        items = volume_items(self.cohort_dir, name, cast(ClassificationSpec, self.spec), needs_labels=False)
        dataset = SampleDataset(items, self.preprocessing, cache_dir=self.cache_dir)
        loader = sample_loader(dataset, batch_size=self.batch_size, workers=self.workers)
        return observe_volumes(cast(VolumeClassifier, plain_network(self.evaluator.network)), loader)


@torch.inference_mode()
def observe_volumes(network: VolumeClassifier, batches: Iterable[Mapping[str, Any]]) -> dict[str, Sight]:
    """Features of the network and statistics of the voxels of all volumes of a loader."""
    device = next(network.parameters()).device
    network.eval()
    tokens, inputs = [], []
    for batch in batches:
        image, _ = prepare_volume_batch(batch, device)
        tokens.append(network.features(image).double().nan_to_num(nan=torch.inf).cpu())
        inputs.append(volume_statistics(image).cpu())
    present = np.ones(sum(map(len, tokens)), dtype=np.bool_)
    return {VolumeInput.VOLUME.value: Sight(present, torch.cat(tokens).numpy(), torch.cat(inputs).numpy())}


def volume_statistics(image: Tensor) -> Tensor:
    """A 4 x 4 x 4 picture of the first channel and ten quantiles of its voxels: ``(B, C, I, J, K) -> (B, 74)``."""
    first = image[:, :1].double()
    picture = torch.nn.functional.adaptive_avg_pool3d(first, _PICTURE).flatten(1)
    ordered = first.flatten(1).sort(dim=1).values
    places = torch.linspace(0.05, 0.95, _LEVELS, device=image.device) * (ordered.shape[1] - 1)
    return torch.cat([picture, ordered[:, places.long()]], dim=1)


def target_statistics(items: Sequence[Mapping[str, Any]], spec: ClassificationSpec) -> dict[str, Any]:
    """Prevalences of the train targets, for heads and loss."""
    return fit_statistics(items, ModelSpec(modalities=ModalitySpec(), tasks=spec.tasks))


def list_provenance(datalist: str) -> dict[str, str]:
    """What of the data makes a training itself."""
    return {"datalist": sha256_file(datalist)}


def classification_title(system: str, spec: ClassificationSpec) -> str:
    """Title of a report."""
    return f"{system}: {', '.join(target.name for target in spec.targets)} ({spec.modality})"


def trained_classification_spec(folder: str) -> ClassificationSpec:
    """The spec of a trained classifier.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``RECORD_INVALID``.
    """
    return read_record(folder, ClassificationSpec)
