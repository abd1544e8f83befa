"""Pretraining of the film encoder on masks, and taking a pretrained encoder into a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ignite.metrics import Metric
from torch import Tensor, nn

from monai_app.cohort.film_masks import film_masks
from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.engines.build import model_items
from monai_app.engines.model_folder import trained_weights
from monai_app.losses.film_masks import MASKS, root_sizes
from monai_app.networks.film_masks import FilmMasks

_FILM = "film"
_PREFIX = "encoders.film."


def mask_items(cohort_dir: str | Path, split: str | None, spec: ModelSpec) -> list[Mapping[str, Any]]:
    """The samples of a split whose film has a mask; its path stands under ``label_masks``.

    Raises:
        InputRejected: as :func:`monai_app.engines.build.model_items`; ``MASKS_MISSING``.
    """
    masks = film_masks(cohort_dir)
    items = model_items(cohort_dir, split, spec)
    found: list[Mapping[str, Any]] = [
        {**item, MASKS: str(masks[Path(item[_FILM])])} for item in items if Path(item[_FILM]) in masks
    ]
    if not found:
        raise InputRejected("MASKS_MISSING", "no film of the split has a mask", got=f"{len(items)} films without")
    return found


def with_pretrained(network: nn.Module, folder: str | Path | None) -> nn.Module:
    """The network with its film encoder from a model folder, be it of a pretraining or of another training.

    A network that sees no films, such as a control, stays as it is; so does any where ``folder`` is None.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``MODEL_MISFIT``, and as :func:`monai_app.core.loading.load_weights`.
    """
    encoders = network.get_submodule("encoders")
    if folder is None or not isinstance(encoders, nn.ModuleDict) or _FILM not in encoders:
        return network
    weights = trained_weights(folder, what="pretrained model")
    mine = {name.removeprefix(_PREFIX): value for name, value in weights.items() if name.startswith(_PREFIX)}
    try:
        encoders[_FILM].load_state_dict(mine)
    except RuntimeError as error:
        raise InputRejected(
            "MODEL_MISFIT",
            "the pretrained weights do not fit the film encoder",
            got=f"{len(mine)} tensors of a film encoder",
            expected="the same encoder and width",
            remedy="Train with the encoder overlay and the width of the pretraining.",
        ) from error
    return network


class SizeScore(Metric):
    """Ignite metric of a pretraining: mean over structures of the squared correlation of told and true sizes.

    A structure that is equally large in all samples does not count.
    """

    def __init__(self) -> None:
        super().__init__(output_transform=_prediction_and_label)

    def reset(self) -> None:
        """Forget the last epoch."""
        self._told: list[Tensor] = []
        self._true: list[Tensor] = []

    def update(self, output: tuple[FilmMasks, Mapping[str, Tensor]]) -> None:
        """Take a batch."""
        prediction, targets = output
        self._told.append(prediction.sizes.detach().cpu())
        self._true.append(root_sizes(targets).cpu())

    def per_structure(self) -> Sequence[float]:
        """Squared correlation of each structure; NaN where undefined."""
        told, true = torch.cat(self._told).double().numpy(), torch.cat(self._true).double().numpy()
        defined = (np.ptp(told, axis=0) > 0) & (np.ptp(true, axis=0) > 0)
        return [
            float(np.corrcoef(told[:, c], true[:, c])[0, 1] ** 2) if defined[c] else float("nan")
            for c in range(told.shape[1])
        ]

    def compute(self) -> float:
        """The score of the epoch, in [0, 1].

        Raises:
            InputRejected: ``VALIDATION_UNDEFINED`` where no structure varies.
        """
        values = np.asarray(self.per_structure())
        if np.isnan(values).all():
            raise InputRejected("VALIDATION_UNDEFINED", "no structure of the tuning split varies in size")
        return float(np.nanmean(values))


def _prediction_and_label(output: Mapping[str, Any]) -> tuple[FilmMasks, Mapping[str, Tensor]]:
    return output["pred"], output["label"]
