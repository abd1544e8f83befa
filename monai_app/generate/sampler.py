"""A network of its own for drawing: a batch of conditions -> several images each, as evaluators run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from monai_app.core.random import derive_seed
from monai_app.generate.decoding import decode
from monai_app.generate.sampling import Drawing, draw_latents
from monai_app.networks.generation import ConditionedDiffusion, FoldedAutoencoder


class ImageSampler(nn.Module):
    """Inputs of B cases -> images ``(B, N, 1, ...)`` in [0, 1].

    The sample k of the case in row r of a split depends on (seed, r, k) and the condition alone.

    Args:
        diffusion: trained.
        autoencoder: whose latents it was trained on.
        latent_shape: channels and cells.
        samples: N.
        seed: of all samples.
        drawing: steps, guidance, sampler.
        tile: cells a side decoded at once; None decodes whole latents.
        told: which parts of the condition are told: ``all``, ``ehr`` (no labels), ``labels``, or ``nothing``.
    """

    def __init__(
        self,
        diffusion: ConditionedDiffusion,
        autoencoder: FoldedAutoencoder,
        *,
        latent_shape: Sequence[int],
        samples: int = 1,
        seed: int = 0,
        drawing: Drawing | None = None,
        tile: Sequence[int] | None = None,
        told: str = "all",
    ) -> None:
        super().__init__()
        if told not in ("all", "ehr", "labels", "nothing"):
            msg = f"told must be all, ehr, labels or nothing, got {told!r}"
            raise ValueError(msg)
        self.diffusion, self.autoencoder = diffusion, autoencoder
        self.latent_shape, self.samples, self.seed, self.told = tuple(latent_shape), samples, seed, told
        self.drawing, self.tile = Drawing() if drawing is None else drawing, tile

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Images of a batch whose rows are named by ``row``."""
        rows = [int(row) for row in inputs["row"].reshape(-1).tolist()]
        condition = self._condition(inputs)
        drawn = []
        for number in range(self.samples):
            seeds = [derive_seed(self.seed, "image", row, number) for row in rows]
            latents = draw_latents(self.diffusion, condition, self.latent_shape, seeds, self.drawing)
            drawn.append(decode(self.autoencoder, latents, tile=self.tile, bf16=self.drawing.bf16))
        return torch.stack(drawn, dim=1)

    def _condition(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What of the inputs is told; always with a row a case."""
        condition = {key: value for key, value in inputs.items() if key != "row"}
        size = len(inputs["row"])
        if self.told == "ehr":
            condition = {key: value for key, value in condition.items() if not key.startswith("label_")}
        if self.told == "labels":
            condition = {key: value for key, value in condition.items() if key.startswith("label_")}
        if self.told == "nothing" or not condition:
            condition = {"image_dropped": torch.ones(size, dtype=torch.bool, device=inputs["row"].device)}
        return condition
