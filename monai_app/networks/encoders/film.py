"""Film encoders: MONAI's ResNet and DenseNet on one grey channel."""

from __future__ import annotations

from typing import Literal, cast

import torch
from monai.networks.nets.densenet import DenseNet, DenseNet121
from monai.networks.nets.resnet import resnet18, resnet34
from torch import Tensor, nn

from monai_app.core.errors import InputRejected

MIN_FILM_PX = 64
"""Least side of a film in pixels. Five halvings leave 2 x 2 cells: batch normalisation has no variance of one cell,
and a training batch may hold a single present film."""

_RESNETS = {"resnet18": resnet18, "resnet34": resnet34}
_DENSENETS = ("densenet121", "densenet_narrow", "densenet121_group", "densenet_narrow_group")
_GROUP = "_group"
_GROUPS = {"densenet121": 8, "densenet_narrow": 3}
"""Groups of GroupNorm; each divides all channel counts of its network (multiples of 32, of 3)."""


class FilmEncoder(nn.Module):
    """A film ``(B, 1, H, W)`` in [0, 1] -> tokens ``(B, K, d)``.

    Args:
        backbone: ``resnet18``, ``resnet34`` (stem stride 2, as in MedFuse), ``densenet121`` or ``densenet_narrow`` (24
            features, growth 12, blocks of 4, 6, 8, 6: a hundredth of the work, for thousands of films on a processor).
            ``densenet121_group`` and ``densenet_narrow_group`` have GroupNorm in the place of batch normalisation, so
            that no film's output depends on another one: private training needs that.
        width: token width d.
        pool: ``mean`` gives one token (K = 1); ``grid`` one a cell of the feature map of a 224 px film (K = 49).
        size_px: side of the films it will see, in pixels; it is checked and builds nothing.

    Raises:
        InputRejected: ``FILM_TOO_SMALL``, below :data:`MIN_FILM_PX`.
        ValueError: an unknown backbone.
    """

    def __init__(
        self,
        backbone: str = "resnet34",
        *,
        width: int = 128,
        pool: Literal["mean", "grid"] = "mean",
        size_px: int = 224,
    ) -> None:
        super().__init__()
        if size_px < MIN_FILM_PX:
            raise InputRejected(
                "FILM_TOO_SMALL",
                "the films are too small for the film encoder",
                got=f"{size_px} px",
                expected=f">= {MIN_FILM_PX} px",
                remedy="Raise film_size_px.",
            )
        if backbone in _RESNETS:
            network = _RESNETS[backbone](
                spatial_dims=2, n_input_channels=1, conv1_t_size=7, conv1_t_stride=2, num_classes=1
            )
            self.features: nn.Module = _ResNetTrunk(network)
            channels = 512
        elif backbone in _DENSENETS:
            self.features, channels = _densenet(backbone)
        else:
            msg = f"Film backbone must be one of {[*sorted(_RESNETS), *_DENSENETS]}, got {backbone!r}"
            raise ValueError(msg)
        # A quarter faster on a processor than channels first.
        self.features = self.features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        side = 7 if pool == "grid" else 1
        self.pool = nn.AdaptiveAvgPool2d(side)
        self.project = nn.Linear(channels, width)
        self.tokens, self.width, self.channels = side * side, width, channels

    def feature_maps(self, film: Tensor) -> Tensor:
        """The last feature map ``(B, channels, H / 32, W / 32)``; the input is centred to [-1, 1]."""
        maps: Tensor = self.features(film * 2.0 - 1.0)
        return maps

    def tokens_of(self, maps: Tensor) -> Tensor:
        """Tokens ``(B, K, d)`` of the last feature map."""
        tokens: Tensor = self.project(self.pool(maps).flatten(2).transpose(1, 2))
        return tokens

    def forward(self, film: Tensor) -> Tensor:
        """Tokens of a batch of films."""
        return self.tokens_of(self.feature_maps(film))


def _densenet(backbone: str) -> tuple[nn.Module, int]:
    """The trunk of a DenseNet and the channels of its last feature map."""
    name = backbone.removesuffix(_GROUP)
    grouped = name != backbone
    norm: str | tuple[str, dict[str, int]] = ("group", {"num_groups": _GROUPS[name]}) if grouped else "batch"
    if name == "densenet121":
        return DenseNet121(spatial_dims=2, in_channels=1, out_channels=1, norm=norm).features, 1024
    narrow = DenseNet(2, 1, 1, init_features=24, growth_rate=12, block_config=(4, 6, 8, 6), norm=norm)
    return narrow.features, cast(nn.Linear, narrow.get_submodule("class_layers.out")).in_features


class _ResNetTrunk(nn.Module):
    """MONAI's ResNet up to its last feature map ``(B, 512, H/32, W/32)``."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        names = ("conv1", "bn1", "act", "maxpool", "layer1", "layer2", "layer3", "layer4")
        self.stages = nn.Sequential(*(getattr(network, name) for name in names))

    def forward(self, film: Tensor) -> Tensor:
        maps: Tensor = self.stages(film)
        return maps
