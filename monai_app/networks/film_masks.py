"""Pretraining of a film encoder: where each structure is, from its last feature map, and how large, from its token.

Nothing bypasses the last map, so that it must hold what is small too; the sizes make the token, which is all that a
classifier sees, hold how much of each finding there is. The decoder is one sub-pixel convolution (Shi et al., CVPR
2016) and is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from monai.networks.blocks.upsample import SubpixelUpsample
from torch import Tensor, nn

from monai_app.networks.encoders.film import FilmEncoder

ENLARGED = 8
"""Cells of the masks a cell of the last feature map along each side: a quarter of the film's pixels."""


@dataclass
class FilmMasks:
    """What the network says of a batch.

    Attributes:
        logits: of each structure in each cell, ``(B, C, H / 4, W / 4)``.
        sizes: rise with the share of the film that each structure takes up, in no unit, ``(B, C)``.
    """

    logits: Tensor
    sizes: Tensor


class FilmMaskNetwork(nn.Module):
    """A film encoder with a decoder of masks and a layer of sizes.

    Args:
        encoders: builds encoders, ``film`` among them; its weights stand under ``encoders.film`` as in
            :class:`monai_app.networks.MultimodalNetwork`, which can take them.
        structures: C.
    """

    def __init__(self, encoders: Callable[[], Mapping[str, nn.Module]], structures: int) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({"film": encoders()["film"]})
        self.decoder = SubpixelUpsample(2, self._film.channels, structures, ENLARGED, apply_pad_pool=False)
        self.sizes = nn.Linear(self._film.width, structures)

    @property
    def _film(self) -> FilmEncoder:
        return cast(FilmEncoder, self.encoders["film"])

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Nothing here is normalised."""

    def forward(self, inputs: Mapping[str, Tensor]) -> FilmMasks:
        """Masks and sizes of ``film (B, 1, H, W)``; every sample must have one."""
        maps = self._film.feature_maps(inputs["film"])
        return FilmMasks(self.decoder(maps), self.sizes(self._film.tokens_of(maps).mean(dim=1)))
