"""Drawing for the cases of a cohort, or for a condition told by hand, as an Ignite evaluator runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ignite.engine import Events
from torch import Tensor, nn
from torch.utils.data import DataLoader

from monai_app.cohort.condition_columns import GenerationSpec
from monai_app.cohort.items import split_items
from monai_app.cohort.volume_items import volume_items
from monai_app.cohort.volume_targets import ClassificationSpec
from monai_app.engines.batches import IMAGE, ROW
from monai_app.engines.evaluator import BatchEvaluator
from monai_app.engines.generation.batches import FILM, prepare_diffusion_batch
from monai_app.engines.generation.latents import SOURCE
from monai_app.engines.model_folder import read_record
from monai_app.generate.conditions import Value, told_condition

Images = npt.NDArray[np.float32]


def read_generation_spec(folder: str | Path) -> GenerationSpec:
    """The spec of a trained diffusion; raises as :func:`monai_app.engines.model_folder.read_record`."""
    return read_record(folder, GenerationSpec)


def condition_items(
    cohort_dir: str | Path,
    split: str | None,
    spec: GenerationSpec,
    *,
    fields: Mapping[str, Value | None] | None = None,
    films_only: bool = False,
    limit: int | None = None,
) -> list[Mapping[str, Any]]:
    """What images are drawn for: samples of a cohort without their films, or one condition told by hand.

    Args:
        fields: table fields and labels by name (:func:`monai_app.generate.conditions.told_condition`); the cohort is
            then not read.
        films_only: leave out samples without a film, whose image there is nothing to compare with.
        limit: take only the first so many.

    Raises:
        InputRejected: as :func:`monai_app.cohort.items.split_items` and ``told_condition``.
    """
    if fields is not None:
        told = told_condition(fields, spec)
        item = {key: value[0].numpy() for key, value in told.inputs.items()}
        return [{**item, SOURCE: ""}]
    items = split_items(cohort_dir, split, spec)
    there = [item for item in items if item.get("film_present") or not films_only][:limit]
    kept = (FILM, "film_present", "film_view")
    return [
        {**{key: value for key, value in item.items() if key not in kept}, SOURCE: item.get(FILM, "")} for item in there
    ]


def first_items(items: Sequence[Mapping[str, Any]], count: int | None = None) -> list[Mapping[str, Any]]:
    """The first items; None takes all."""
    return list(items[:count])


def volume_condition_items(
    datalist: str | Path, split: str | None, spec: ClassificationSpec, *, limit: int | None = None
) -> list[Mapping[str, Any]]:
    """The labels of a data list's volumes, which volumes are drawn for; raises as ``volume_items``."""
    items = volume_items(datalist, split, spec, needs_labels=False, limit=limit)
    kept = (IMAGE, "volume_present")
    return [{**{key: value for key, value in item.items() if key not in kept}, SOURCE: item[IMAGE]} for item in items]


def prepare_condition_batch(
    batch: Mapping[str, Any], device: str | torch.device | None = None, non_blocking: bool = False, **options: Any
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """As :func:`prepare_diffusion_batch`, with the rows, which samples' seeds depend on."""
    inputs, targets = prepare_diffusion_batch(batch, device, non_blocking, **options)
    return {**inputs, ROW: batch[ROW].to(device)}, targets


class GenerationEvaluator(BatchEvaluator):
    """Draws images for every case of a loader; arguments as :class:`BatchEvaluator`, the network an ImageSampler."""

    def __init__(self, device: torch.device, val_data_loader: DataLoader, network: nn.Module, **arguments: Any) -> None:
        super().__init__(device, val_data_loader, network, prepare_batch=prepare_condition_batch, **arguments)

    def predict(self) -> Images:
        """The images of all cases ``(cases, N, ...)`` in [0, 1], in the loader's order."""
        drawn: list[Tensor] = []

        def collect(engine: Any) -> None:
            drawn.append(engine.state.output["pred"][:, :, 0].cpu())

        with self.add_event_handler(Events.ITERATION_COMPLETED, collect):
            self.run()
        return torch.cat(drawn).numpy().astype(np.float32)
