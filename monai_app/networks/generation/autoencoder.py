"""An autoencoder of films or volumes with a Gaussian latent: MONAI's AutoencoderKL on folded pixels.

Blocks of ``fold`` pixels a side become channels before the first convolution and pixels again after the last (Shi et
al., CVPR 2016), so that nothing is computed at full resolution: most of the time of a sample in few steps is decoding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from monai.networks.nets import AutoencoderKL
from monai.networks.utils import pixelshuffle, pixelunshuffle
from torch import Tensor, nn


@dataclass
class Reconstruction:
    """What an autoencoder makes of a batch.

    Attributes:
        image: ``(B, 1, ...)``, near [0, 1] and not clipped.
        mean: of the latent, ``(B, C, ...)``.
        spread: its standard deviation, likewise.
    """

    image: Tensor
    mean: Tensor
    spread: Tensor


class FoldedAutoencoder(nn.Module):
    """Image ``(B, 1, ...)`` in [0, 1] -> latent ``(B, latent_channels, ... / shrink)`` -> image.

    Args:
        spatial_dims: 2 or 3.
        channels: of each level; each but the last halves the side.
        latent_channels: C of the latent.
        fold: pixels a side that become channels; a power of two.
        blocks: residual blocks a level.
        norm_groups: of the group normalisation; divides every entry of ``channels``.
    """

    def __init__(
        self,
        spatial_dims: int = 2,
        *,
        channels: Sequence[int] = (32, 64),
        latent_channels: int = 4,
        fold: int = 2,
        blocks: int = 1,
        norm_groups: int = 16,
    ) -> None:
        super().__init__()
        self.spatial_dims, self.fold, self.latent_channels = spatial_dims, fold, latent_channels
        self.shrink = fold * 2 ** (len(channels) - 1)
        self.network = AutoencoderKL(
            spatial_dims=spatial_dims,
            in_channels=fold**spatial_dims,
            out_channels=fold**spatial_dims,
            num_res_blocks=(blocks,) * len(channels),
            channels=tuple(channels),
            attention_levels=(False,) * len(channels),
            latent_channels=latent_channels,
            norm_num_groups=norm_groups,
            with_encoder_nonlocal_attn=False,
            with_decoder_nonlocal_attn=False,
        )

    def set_statistics(self, statistics: Mapping[str, np.ndarray]) -> None:
        """Nothing here is normalised."""

    def distribution(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the latent ``(B, C, ...)``.

        Raises:
            ValueError: a side that is no multiple of ``shrink``.
        """
        if any(side % self.shrink for side in image.shape[2:]):
            msg = f"The sides of an image must be multiples of {self.shrink}, got {tuple(image.shape[2:])}"
            raise ValueError(msg)
        folded = pixelunshuffle(image * 2.0 - 1.0, self.spatial_dims, self.fold)
        mean, spread = self.network.encode(folded)
        return mean, spread

    def encode(self, image: Tensor) -> Tensor:
        """The latent's mean ``(B, C, ...)``."""
        return self.distribution(image)[0]

    def decode(self, latent: Tensor) -> Tensor:
        """Image ``(B, 1, ...)`` of a latent, not clipped."""
        folded: Tensor = self.network.decode(latent)
        return (pixelshuffle(folded, self.spatial_dims, self.fold) + 1.0) / 2.0

    def forward(self, image: Tensor) -> Reconstruction:
        """Encode and decode; in training the latent is drawn, in evaluation it is the mean."""
        mean, spread = self.distribution(image)
        latent = self.network.sampling(mean, spread) if self.training else mean
        return Reconstruction(self.decode(latent), mean, spread)
