"""Floor 3: encoders, fusion systems and the network that joins them."""

from monai_app.networks.encoders import default_encoders
from monai_app.networks.fusion import (
    DRAF,
    DRIFA,
    MDA,
    AttentionFusion,
    DrFuse,
    EarlyFusion,
    FlexMoE,
    HEALNet,
    LateFusion,
    MedFuse,
    SampledFusion,
    ShaSpec,
)
from monai_app.networks.multimodal import MultimodalNetwork
from monai_app.networks.output import FusionOutput

__all__ = [
    "DRAF",
    "DRIFA",
    "MDA",
    "AttentionFusion",
    "DrFuse",
    "EarlyFusion",
    "FlexMoE",
    "FusionOutput",
    "HEALNet",
    "LateFusion",
    "MedFuse",
    "MultimodalNetwork",
    "SampledFusion",
    "ShaSpec",
    "default_encoders",
]
