"""A network, a volume and MONAI's way, all small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from monai.data import MetaTensor
from monai.inferers import SlidingWindowInferer
from monai.transforms import Activationsd, AsDiscreted, Compose, Invertd, Orientationd, Spacingd
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from monai_app.core.random import numpy_generator, torch_generator
from monai_app.dicom.volume import Volume
from monai_app.inference.model import EXACT, SegmentationModel

CLASSES = ("background", "a", "b", "c")
EXACT_AT = {overlap: replace(EXACT, overlap=overlap) for overlap in (0.25, 0.5)}


class Smooth(nn.Module):
    """A network whose scores depend on the place within the window, as those of a padded convolution do."""

    def __init__(self, channels: int = len(CLASSES)) -> None:
        super().__init__()
        generator = torch_generator("smooth network")
        self.filter = nn.Parameter(torch.randn(channels, 1, 5, 5, 5, generator=generator))

    def forward(self, window: Tensor) -> Tensor:
        return torch.nn.functional.conv3d(window, self.filter, padding=2)


def model(*, window: int = 16, spacing: float = 2.5, air: float | None = None) -> SegmentationModel:
    return SegmentationModel(
        network=Smooth().eval(),
        classes=CLASSES,
        spacing_mm=(spacing, spacing, spacing),
        window=(window, window, window),
        normalise=lambda image: (image + 1000.0) / 2000.0 - 0.5,
        air=air,
    )


def volume(shape: tuple[int, int, int] = (30, 34, 20), affine: np.ndarray | None = None) -> Volume:
    noise = gaussian_filter(numpy_generator("inference volume").standard_normal(shape), 2.0)
    values = np.round(1000 * noise / noise.std()).clip(-1024, 3000).astype(np.int16)
    return Volume(values, np.diag([1.5, 1.5, 3.0, 1.0]) if affine is None else affine)


def usual_way(scan: Volume, net: SegmentationModel, *, overlap: float) -> np.ndarray:
    """MONAI's: everything at full size."""
    before = Compose([Orientationd("image", axcodes="RAS", labels=None), Spacingd("image", pixdim=net.spacing_mm)])
    image = MetaTensor(torch.from_numpy(scan.array.astype(np.float32))[None], affine=torch.from_numpy(scan.affine_ras))
    data = before({"image": image})
    inferer = SlidingWindowInferer(net.window, overlap=overlap, mode=net.blend)
    with torch.inference_mode():
        data["pred"] = inferer(net.normalise(data["image"])[None], net.network)[0]
    after = Compose(
        [
            Activationsd("pred", softmax=True),
            Invertd("pred", before, orig_keys="image", nearest_interp=False, to_tensor=True),
            AsDiscreted("pred", argmax=True),
        ]
    )
    return after(data)["pred"][0].numpy().astype(np.uint8)


def rotated(degrees: float) -> np.ndarray:
    turn = np.deg2rad(degrees)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    affine[:3, :3] = affine[:3, :3] @ np.diag([1.5, -1.5, 3.0])
    affine[:3, 3] = 5.0, -7.0, 11.0
    return affine


AFFINES: dict[str, np.ndarray] = {
    "RAS": np.diag([1.5, 1.5, 3.0, 1.0]),
    "LPS": np.diag([-1.5, -1.5, 3.0, 1.0]),
    "feet first": np.diag([-1.5, -1.5, -3.0, 1.0]),
    "sagittal": np.array([[0, 0, 3.0, 4], [-1.5, 0, 0, 2], [0, -1.5, 0, 9], [0, 0, 0, 1]]),
    "coronal": np.array([[-1.5, 0, 0, 4], [0, 0, 3.0, 2], [0, -1.5, 0, 9], [0, 0, 0, 1]]),
    "oblique": rotated(20.0),
}
