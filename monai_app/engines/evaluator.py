"""The evaluation engines: MONAI's SupervisedEvaluator over batches, and predictions out of multimodal ones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from ignite.engine import Events
from monai.engines import SupervisedEvaluator
from monai.inferers import Inferer
from torch import Tensor, nn
from torch.utils.data import DataLoader

from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.engines.batches import prepare_multimodal_batch
from monai_app.engines.precision import AutocastInferer
from monai_app.engines.predictions import Predictions, from_items
from monai_app.losses.outputs import scores
from monai_app.networks import FusionOutput
from monai_app.networks.output import SPREAD


class BatchEvaluator(SupervisedEvaluator):
    """Runs a network over the batches of a loader.

    Args:
        device: where the network is.
        val_data_loader: of :func:`monai_app.engines.data.sample_loader`, sequential.
        network: in training this is the averaged network.
        prepare_batch: ``(batch, device, non_blocking) -> (inputs, targets)``.
        inferer: autocasting inferer; None computes in fp32.
        monai_arguments: of MONAI's evaluator (``key_val_metric``, ``val_handlers``, ...).
    """

    def __init__(
        self,
        device: torch.device,
        val_data_loader: DataLoader,
        network: nn.Module,
        *,
        prepare_batch: Callable[..., tuple[Any, Any]],
        inferer: Inferer | None = None,
        **monai_arguments: Any,
    ) -> None:
        self.loader: Any = val_data_loader
        super().__init__(
            device=device,
            val_data_loader=val_data_loader,
            network=network,
            inferer=AutocastInferer("fp32") if inferer is None else inferer,
            prepare_batch=prepare_batch,
            decollate=False,
            **monai_arguments,
        )
        self.logger.setLevel(logging.WARNING)


class MultimodalEvaluator(BatchEvaluator):
    """Runs a multimodal network over a split; arguments as :class:`BatchEvaluator`."""

    def __init__(self, device: torch.device, val_data_loader: DataLoader, network: nn.Module, **arguments: Any) -> None:
        super().__init__(device, val_data_loader, network, prepare_batch=prepare_multimodal_batch, **arguments)

    def outputs(self) -> tuple[FusionOutput, dict[str, Tensor]]:
        """Run over the split and return everything the network said, (N, ...), with the targets, on the CPU."""
        collected: list[FusionOutput] = []
        targets: list[Mapping[str, Tensor]] = []

        def collect(engine: Any) -> None:
            collected.append(engine.state.output["pred"])
            targets.append(engine.state.output["label"])

        with self.add_event_handler(Events.ITERATION_COMPLETED, collect):
            self.run()
        joined = {name: torch.cat([part[name] for part in targets]).cpu() for name in targets[0]}
        return join_outputs(collected), joined

    def predict(self, spec: ModelSpec) -> Predictions:
        """Predictions for every sample of the split, in its order."""
        output, _ = self.outputs()
        values = {task.name: scores(task, output.logits[task.name]).double().numpy() for task in spec.tasks}
        weights = None if output.weights is None else output.weights.double().numpy()
        names = [modality.value for modality in spec.modalities.names]
        spreads = {
            task.name: output.extras[f"{SPREAD}{task.name}"].double().numpy()
            for task in spec.tasks
            if task.kind is not TaskKind.SURVIVAL and f"{SPREAD}{task.name}" in output.extras
        }
        items = self.loader.dataset.data
        return from_items(items, spec.tasks, names, values, weights=weights, spreads=spreads)


def join_outputs(parts: Sequence[FusionOutput]) -> FusionOutput:
    """The outputs of successive batches as one, on the CPU; of ``extras`` those with an entry a sample ``(B, ...)``."""

    def joined(maps: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return {name: torch.cat([part[name] for part in maps]).cpu() for name in maps[0]}

    weights = [part.weights for part in parts if part.weights is not None]
    names = parts[0].modality_logits
    per_sample = [name for name, value in parts[0].extras.items() if _an_entry_a_sample(value, parts[0])]
    return FusionOutput(
        logits=joined([part.logits for part in parts]),
        weights=torch.cat(weights).cpu() if weights else None,
        modality_logits={name: joined([part.modality_logits[name] for part in parts]) for name in names},
        extras={name: torch.cat([part.extras[name] for part in parts]).cpu() for name in per_sample},
    )


def _an_entry_a_sample(value: Any, output: FusionOutput) -> bool:
    return isinstance(value, Tensor) and value.ndim > 0 and len(value) == len(next(iter(output.logits.values())))
