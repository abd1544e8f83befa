"""Fusion systems over one interface: ``(tokens {m: (B, K_m, d)}, present (B, M)) -> FusionOutput``."""

from monai_app.networks.fusion.attention import AttentionFusion
from monai_app.networks.fusion.draf import DRAF
from monai_app.networks.fusion.drfuse import DrFuse
from monai_app.networks.fusion.drifa import DRIFA
from monai_app.networks.fusion.early import EarlyFusion
from monai_app.networks.fusion.flexmoe import FlexMoE
from monai_app.networks.fusion.healnet import HEALNet
from monai_app.networks.fusion.late import LateFusion
from monai_app.networks.fusion.mda import MDA
from monai_app.networks.fusion.medfuse import MedFuse
from monai_app.networks.fusion.sampled import SampledFusion
from monai_app.networks.fusion.shaspec import ShaSpec

__all__ = [
    "DRAF",
    "DRIFA",
    "MDA",
    "AttentionFusion",
    "DrFuse",
    "EarlyFusion",
    "FlexMoE",
    "HEALNet",
    "LateFusion",
    "MedFuse",
    "SampledFusion",
    "ShaSpec",
]
