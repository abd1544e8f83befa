"""A segmenter that finds what is bright, a small classifier, and volumes with a bright ball."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.cohort.volume_targets import ClassificationSpec, VolumeTarget
from monai_app.core.random import scoped_torch_seed, torch_generator
from monai_app.dicom.volume import Volume
from monai_app.explain.believability import Believability
from monai_app.explain.faithfulness import Faithfulness
from monai_app.explain.localisation import Localisation, RegionScores
from monai_app.explain.methods import Method
from monai_app.explain.stability import Stability
from monai_app.explain.volumes.explanation import VolumeExplanation, explain_volume
from monai_app.explain.volumes.material import VolumeMaterial
from monai_app.explain.volumes.seen import SeenVolume
from monai_app.networks.volume import VolumeClassifier

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
AFFINE[:3, 3] = [-10.0, 5.0, 30.0]
SEGMENTS = SegmentationSpec(modality="MR", sequences=("T1", "FLAIR"), structures=("ball", "other"), patch=(16, 16, 16))
CLASSIFIES = ClassificationSpec(
    modality="CT",
    spacing_mm=(2.0, 2.0, 3.0),
    shape=(16, 16, 16),
    targets=(
        VolumeTarget(name="lesion", values=(1, 3), edges_ml=(1.0,), description="more than 1 mL"),
        VolumeTarget(name="size", values=(1,), edges_ml=(1.0, 2.0)),
    ),
)
SCORES = Believability(
    Faithfulness(0.2, 0.5, 0.8, 0.5, None, None, 0.81, 0.32, 0.79),
    Stability(0.1, 0.05, 0.02),
    (RegionScores("ball", 0.05, Localisation(True, 0.6, 0.9, 0.5), Localisation(False, 0.1, 0.6, 0.1)),),
)


class FindsBright(nn.Module):
    """Scores ``(n, 3, I, J, K)``: class 1 where the first sequence is bright around; the second counts a tenth."""

    def __init__(self, *, in_place: bool = False) -> None:
        super().__init__()
        self.smooth = nn.Conv3d(2, 1, 3, padding=1)
        self.act = nn.LeakyReLU(0.5, inplace=in_place)
        with torch.no_grad():
            self.smooth.weight.fill_(0.2)
            self.smooth.weight[:, 1].mul_(0.1)
            self.smooth.bias.fill_(-2.5)

    def forward(self, image: Tensor) -> Tensor:
        bright = self.act(self.smooth(image))
        self.kept = [bright]  # as DynUNet keeps its deep outputs, with their graph
        return torch.cat([torch.zeros_like(bright), bright, torch.full_like(bright, -4.0)], dim=1)


def ball(shape: tuple[int, int, int] = (16, 16, 16), radius: float = 3.5, at: float = 6.0) -> np.ndarray:
    """True inside a ball."""
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"))
    inside: np.ndarray = np.square(places - at).sum(axis=0) < radius**2
    return inside


def seen(shape: tuple[int, int, int] = (16, 16, 16), *, found: bool = True, sequences: int = 2) -> SeenVolume:
    noise = 0.05 * torch.randn(sequences, *shape, generator=torch_generator("tiny volume"))
    image = noise + torch.from_numpy(ball(shape).astype(np.float32)) * float(found)
    return SeenVolume(image, AFFINE)


def classifier() -> VolumeClassifier:
    with scoped_torch_seed(0, "tiny"):
        return VolumeClassifier(
            CLASSIFIES.tasks, init_features=4, growth_rate=4, blocks=(1, 1), hidden=8, samples=2
        ).eval()


def explained(method: Method = Method.GRADIENT_SHAP) -> VolumeExplanation:
    volume = seen()
    network = FindsBright().eval()
    return explain_volume(network, SEGMENTS, volume, "ball", method=method, regions={"ball": ball()})


def material() -> VolumeMaterial:
    """On a finer grid that is flipped along its first axis."""
    affine = np.diag([-1.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = [21.0, 5.0, 30.0]
    array = ball().repeat(2, axis=0)[::-1].astype(np.float32)
    return VolumeMaterial({"T1": Volume(array, affine), "FLAIR": Volume(array, affine)}, "MR", {"input": "hashed"})
