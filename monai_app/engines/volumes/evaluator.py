"""The evaluation engine of volumes: one volume a batch, handed on as it is done, so that memory stays that of one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from ignite.engine import Events
from torch import Tensor, nn
from torch.utils.data import DataLoader

from monai_app.engines.batches import ROW, prepare_volume_batch
from monai_app.engines.evaluator import BatchEvaluator
from monai_app.engines.volumes.inferer import VolumeInferer
from monai_app.inference.ood import watched
from monai_app.metrics.mahalanobis import Floats
from monai_app.transforms.grid import on_grid


@dataclass(frozen=True)
class SegmentedCase:
    """One volume after the network.

    Attributes:
        item: its record of the data list.
        image: (S, I, J, K) as the network saw it.
        probabilities: (C, I, J, K) on the same grid.
        network_affine: (4, 4) of that grid, to RAS mm.
        affine: (4, 4) of the grid of the file.
        shape: (3,) of the grid of the file.
        features: pooled features (F,); None where no layer is watched.
    """

    item: dict[str, Any]
    image: Tensor
    probabilities: Tensor
    network_affine: Tensor
    affine: Tensor
    shape: tuple[int, ...]
    features: Floats | None

    def labels(self) -> Tensor:
        """Label values (I, J, K) uint8 on the grid of the file."""
        placed = on_grid(self.probabilities, self.network_affine, self.affine, self.shape)
        return placed.argmax(0).to(torch.uint8)


class VolumeEvaluator(BatchEvaluator):
    """Runs a network over volumes, one a batch; arguments as :class:`BatchEvaluator`.

    Args:
        feature_layer: layer whose features are pooled (:func:`monai_app.inference.ood.watched`); None pools none.
    """

    def __init__(
        self,
        device: torch.device,
        val_data_loader: DataLoader,
        network: nn.Module,
        *,
        feature_layer: str | None = None,
        **arguments: Any,
    ) -> None:
        self.feature_layer = feature_layer
        super().__init__(device, val_data_loader, network, prepare_batch=prepare_volume_batch, **arguments)

    def predict_plainly(self, image: Tensor) -> Tensor:
        """Class probabilities ``(1, C, I, J, K)`` of an image ``(1, S, I, J, K)``, without the inferer's flips."""
        assert isinstance(self.inferer, VolumeInferer), "volumes are seen by windows"
        with torch.no_grad():
            self.network.eval()
            return self.inferer.plain(image, self.network)

    def for_each(self, use: Callable[[SegmentedCase], Any]) -> None:
        """Segment every volume of the loader and hand it on."""
        watching = nullcontext() if self.feature_layer is None else watched(self.network, self.feature_layer)
        with watching as pool:

            def hand_on(engine: Any) -> None:
                use(self._case(engine.state, None if pool is None else pool.features()))
                if pool is not None:
                    pool.forget()  # the passes that its user made

            with self.add_event_handler(Events.ITERATION_COMPLETED, hand_on):
                self.run()

    def _case(self, state: Any, features: Floats | None) -> SegmentedCase:
        batch = state.batch
        return SegmentedCase(
            item=self.loader.dataset.data[int(batch[ROW][0])],
            image=state.output["image"][0].cpu(),
            probabilities=state.output["pred"][0].cpu(),
            network_affine=batch["image_network_affine"][0],
            affine=batch["image_native_affine"][0],
            shape=tuple(batch["image_native_shape"][0].tolist()),
            features=features,
        )
