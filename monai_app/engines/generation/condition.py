"""The condition of a diffusion as configurations build it: encoders beside the film's, trained here or taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from torch import nn

from monai_app.cohort.condition_columns import condition_columns
from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.tokenizer import NoteTokenizer
from monai_app.core.errors import InputRejected
from monai_app.core.random import scoped_torch_seed
from monai_app.engines.model_folder import trained_weights
from monai_app.networks import default_encoders
from monai_app.networks.generation import ConditionedDiffusion, ConditionEncoder


def condition_encoders(spec: Any, **options: Any) -> dict[str, nn.Module]:
    """The encoders of a spec's modalities beside its film; none for a spec of volumes.

    Args:
        spec: of a multimodal model, or of volumes.
        options: of :func:`monai_app.networks.default_encoders`.
    """
    if not isinstance(spec, ModelSpec):
        return {}
    beside = spec.modalities.model_copy(update={"film": None})
    return default_encoders(spec.model_copy(update={"modalities": beside}), **options)


def label_columns(spec: Any) -> int:
    """How many label columns a condition of this spec has."""
    return len(condition_columns(spec.tasks))


def seeded_diffusion(
    spec: Any,
    encoders: Callable[[], Mapping[str, nn.Module]],
    unet: Callable[..., nn.Module],
    *,
    width: int,
    seed: int = 0,
    **options: Any,
) -> ConditionedDiffusion:
    """A diffusion whose initial weights are a function of the seed; the global generator is left as it was.

    Args:
        encoders: builds the condition's encoders.
        unet: builds the U-Net for given numbers of channels.
        width: of the tokens.
        options: of :class:`monai_app.networks.generation.ConditionedDiffusion`.
    """
    with scoped_torch_seed(seed, "weights"):
        condition = ConditionEncoder(spec.tasks, encoders(), width=width)
        return ConditionedDiffusion(condition, unet, **options)


def with_condition(network: nn.Module, folder: str | Path | None = None, *, frozen: bool = True) -> nn.Module:
    """The diffusion with the EHR encoders of a trained multimodal model, frozen or as a start; None changes nothing.

    The fitted normalisation comes with them.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``MODEL_MISFIT``, and as :func:`monai_app.core.loading.load_weights`.
    """
    if folder is None:
        return network
    weights = trained_weights(folder, what="trained multimodal model")
    condition = cast(ConditionedDiffusion, network).condition
    for name, encoder in condition.encoders.items():
        prefix = f"encoders.{name}."
        mine = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
        try:
            encoder.load_state_dict(mine)
        except RuntimeError as error:
            raise InputRejected(
                "MODEL_MISFIT",
                f"the trained {name} encoder does not fit the condition's",
                got=f"{len(mine)} tensors",
                expected="the same encoders, width, cohort fields and tokenizer",
                remedy="Set width, series_encoder and note_encoder as the multimodal model was trained.",
            ) from error
    if frozen:
        condition.freeze()
    return network


def taken_tokenizer(source: str | Path, folder: str | Path) -> NoteTokenizer:
    """The tokenizer of another model folder, copied into this one, so that its token ids mean the same."""
    tokenizer = NoteTokenizer.load(source)
    tokenizer.save(folder)
    return tokenizer
