"""A training of the generator that starts from weights trained elsewhere, on simulated films for instance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.engines.model_folder import WEIGHTS_NAME, trained_weights

_UNET = "unet."


def with_start(network: nn.Module, folder: str | Path | None = None) -> nn.Module:
    """The autoencoder, or the U-Net of the diffusion, with the weights of a model folder; None changes nothing.

    Of a diffusion only the U-Net is taken: its condition has the fields of the other cohort. Encoders of the same
    cohort are taken by :func:`monai_app.engines.generation.condition.with_condition`.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``MODEL_MISFIT``, and as :func:`monai_app.core.loading.load_weights`.
    """
    if folder is None:
        return network
    weights = trained_weights(folder, what="pretrained model")
    unet = getattr(network, "unet", None)
    taken, prefix = (unet, _UNET) if isinstance(unet, nn.Module) else (network, "")
    mine = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    try:
        taken.load_state_dict(mine)
    except RuntimeError as error:
        raise InputRejected(
            "MODEL_MISFIT",
            "the pretrained weights do not fit the network",
            got=f"{len(mine)} tensors",
            expected="the same stage, channels, width and folding",
            remedy="Train with the overlays and settings of the pretraining.",
        ) from error
    return network


def started_provenance(data: Mapping[str, Any], folder: str | Path | None) -> dict[str, Any]:
    """What makes a training itself: the data's provenance and, where it has a start, the start's weights."""
    started = {} if folder is None else {"started_from": sha256_file(Path(folder) / WEIGHTS_NAME)}
    return {**data, **started}
