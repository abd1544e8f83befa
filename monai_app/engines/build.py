"""What the bundle configurations build by name: specs, items, seeded networks, optimisers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.transforms import Compose
from torch import nn

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.cohort.store import Cohort
from monai_app.cohort.tokenizer import WORDPIECE, NoteTokenizer, fit_or_load, text_model_path
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.core.random import scoped_torch_seed
from monai_app.core.resources import resource
from monai_app.engines.data import usable_items
from monai_app.engines.model_folder import WEIGHTS_NAME, plain_network
from monai_app.engines.sampling import Order
from monai_app.networks import MultimodalNetwork
from monai_app.transforms.corruption.base import Corruption
from monai_app.transforms.corruption.rand_corruption import RandCorruptiond
from monai_app.transforms.corruption.registry import applicable_names
from monai_app.transforms.film import LoadFilmd

logger = logging.getLogger(__name__)


def bundle_root(name: str) -> str:
    """The folder of a shipped bundle, whatever the working directory.

    Raises:
        AppError: ``RESOURCE_MISSING``.
    """
    return str(resource("bundles", name))


def cohort_spec(
    cohort_dir: str | Path,
    tasks: Sequence[str] | None = None,
    modalities: Sequence[str] | None = None,
    *,
    film_size_px: int | None = None,
) -> ModelSpec:
    """What a model for this cohort is built for; None takes every task, every modality, the cohort's film size.

    Raises:
        InputRejected: ``COHORT_MISSING``, ``TASK_UNKNOWN``, ``MODALITY_UNKNOWN``, ``NO_TASKS``.
    """
    spec = Cohort(cohort_dir).model_spec(
        None if tasks is None else list(tasks), None if modalities is None else list(modalities)
    )
    if not spec.tasks or not spec.modalities.names:
        raise InputRejected(
            "NO_TASKS",
            "a model needs a task and a modality",
            got=f"{len(spec.tasks)} tasks, {len(spec.modalities.names)} modalities",
            expected="at least one of each",
            remedy="Train on a cohort with labels; a cohort without can only be predicted for.",
        )
    film = spec.modalities.film
    if film is None or film_size_px is None:
        return spec
    smaller = spec.modalities.model_copy(update={"film": film.model_copy(update={"size_px": film_size_px})})
    return spec.model_copy(update={"modalities": smaller})


def evaluation_title(system: str, cohort_dir: str | Path) -> str:
    """Title of a report: the system and the cohort's name (not its path)."""
    return f"{system} on {Cohort(cohort_dir).record.name}"


def cohort_provenance(cohort_dir: str | Path, pretrained: str | Path | None = None) -> dict[str, Any]:
    """The cohort's record, with the hash of every file of it: part of what makes a training itself.

    Args:
        pretrained: model folder that the training starts from; its weights' hash counts too.
    """
    started = {} if pretrained is None else {"pretrained": sha256_file(Path(pretrained) / WEIGHTS_NAME)}
    return {"cohort": Cohort(cohort_dir).record, **started}


def model_items(cohort_dir: str | Path, split: str | None, spec: ModelSpec) -> list[Mapping[str, Any]]:
    """The samples of a split that have at least one of the model's modalities.

    Raises:
        InputRejected: as :func:`monai_app.cohort.items.split_items`; ``ALL_MODALITIES_MISSING``.
    """
    names = [modality.value for modality in spec.modalities.names]
    return usable_items(split_items(cohort_dir, split, spec), names)


def film_size_px(spec: ModelSpec) -> int:
    """Side of the square film in pixels; 0 where the model sees no films."""
    return 0 if spec.modalities.film is None else spec.modalities.film.size_px


def note_tokens(spec: ModelSpec) -> int:
    """Token ids a note; 0 where the model reads no notes."""
    return 0 if spec.modalities.note is None else spec.modalities.note.max_tokens


NOTE_ENCODERS_TRAINED_HERE = ("small", "bag")


def note_tokenizer(
    spec: ModelSpec,
    folder: str | Path,
    *,
    items: Sequence[Mapping[str, Any]] | None = None,
    encoder: str = "small",
    vocabulary_size: int = 3000,
) -> NoteTokenizer | None:
    """The tokenizer of a model folder: learned from the train items and written there, or only read.

    Args:
        items: train items; None reads.
        encoder: ``small`` and ``bag`` learn a WordPiece vocabulary; otherwise the pretrained model whose tokenizer is
            taken.
        vocabulary_size: ids of a learned vocabulary, at most.

    Returns:
        None where the model reads no notes.
    """
    if spec.modalities.note is None:
        return None
    source = WORDPIECE if encoder in NOTE_ENCODERS_TRAINED_HERE else encoder
    return fit_or_load(folder, items, source=source, vocabulary_size=vocabulary_size)


def note_model(encoder: str) -> str:
    """What the encoder factory takes: a name it knows, or a path or name for AutoModel (``minilm`` is packaged).

    Raises:
        InputRejected: ``EXTRA_MISSING``.
    """
    return encoder if encoder in NOTE_ENCODERS_TRAINED_HERE else text_model_path(encoder)


def random_faults(
    spec: ModelSpec, prob: float, statistics: Mapping[str, np.ndarray] | None = None
) -> RandCorruptiond | None:
    """Random faults of a model's modalities, each of them with this probability a sample; None for probability 0.

    Faults that this cohort's channels and fields cannot have are not drawn; those there are, are logged.
    """
    if not prob:
        return None
    names = applicable_names(spec, statistics)
    logger.info("random faults: %s", "; ".join(f"{name}: {', '.join(kinds)}" for name, kinds in names.items()))
    return RandCorruptiond(list(names), prob, spec, statistics=statistics, names=names)


def with_corruption(preprocessing: Compose, corruption: RandCorruptiond | Corruption | None) -> Compose:
    """The preprocessing with random faults where a camera or a clerk makes them: before enhancement and tokens.

    Without faults it is the preprocessing itself, so that all of it can be cached.
    """
    if corruption is None:
        return preprocessing
    steps = list(preprocessing.transforms)
    loads = sum(isinstance(step, LoadFilmd) for step in steps[:1])
    return Compose([*steps[:loads], corruption, *steps[loads:]])


def where_films(spec: ModelSpec, transforms: Sequence[Any]) -> Compose:
    """The transforms for a model that sees films; nothing for one that sees none, such as a control.

    Some of MONAI's turn every entry of a sample that lacks their key into tensors.
    """
    return Compose([] if spec.modalities.film is None else list(transforms))


def row_weights(items: Sequence[Mapping[str, Any]], spec: ModelSpec, order: str) -> list[float] | None:
    """Weights that draw both outcomes of the first binary task equally often; None unless ``order`` is balanced.

    Unlabelled samples weigh as much as an average one.

    Raises:
        InputRejected: ``CANNOT_BALANCE`` without a binary task, or with one outcome only.
    """
    if Order(order) is not Order.BALANCED:
        return None
    names = [task.name for task in spec.tasks if task.kind is TaskKind.BINARY]
    label = np.array([item[f"label_{names[0]}"][0] for item in items]) if names else np.zeros(0)
    positives, negatives = int((label == 1).sum()), int((label == 0).sum())
    if not positives or not negatives:
        raise InputRejected(
            "CANNOT_BALANCE",
            "the train split cannot be drawn in balance",
            got=f"{positives} positives, {negatives} negatives",
            expected="a binary task with both outcomes",
            remedy="Use order shuffled, or balance the loss instead (balance).",
        )
    total = positives + negatives
    weight = {1.0: total / (2 * positives), 0.0: total / (2 * negatives)}
    return [weight.get(float(value), 1.0) for value in label]


def vocabulary_size(tokenizer: NoteTokenizer | None) -> int:
    """Number of token ids; 0 where the model reads no notes."""
    return 0 if tokenizer is None else tokenizer.vocabulary_size


def seeded_network(
    spec: ModelSpec,
    encoders: Callable[[], Mapping[str, nn.Module]],
    fusion: Callable[[], nn.Module],
    *,
    seed: int = 0,
) -> MultimodalNetwork:
    """A network whose initial weights are a function of the seed; the global generator is left as it was.

    Args:
        encoders: builds the encoders (a configuration with ``_mode_: callable``).
        fusion: builds the fusion, likewise.
    """
    with scoped_torch_seed(seed, "weights"):
        return MultimodalNetwork(spec, encoders(), fusion())


def with_statistics(module: Any, statistics: Mapping[str, np.ndarray], device: torch.device) -> nn.Module:
    """A network or loss with its normalisation fitted, on the device."""
    module.set_statistics(statistics)
    return module.to(device)


def adamw(network: nn.Module, loss: Any, *, learning_rate: float, weight_decay: float = 0.01) -> torch.optim.AdamW:
    """AdamW over a network and what its loss learns; vectors (biases, norms, task weights) are not decayed."""
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for module in (plain_network(network), *([loss] if isinstance(loss, nn.Module) else [])):
        for parameter in module.parameters():
            if parameter.requires_grad:
                (decayed if parameter.ndim >= 2 else plain).append(parameter)
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=learning_rate, fused=True)
