"""Networks that draw images: an autoencoder, a condition of EHR tokens, and the diffusion between them."""

from monai_app.networks.generation.autoencoder import FoldedAutoencoder, Reconstruction
from monai_app.networks.generation.condition import ConditionEncoder
from monai_app.networks.generation.diffusion import ConditionedDiffusion, Denoised
from monai_app.networks.generation.process import DiffusionProcess, FlowProcess, Sampler

__all__ = [
    "ConditionEncoder",
    "ConditionedDiffusion",
    "Denoised",
    "DiffusionProcess",
    "FlowProcess",
    "FoldedAutoencoder",
    "Reconstruction",
    "Sampler",
]
