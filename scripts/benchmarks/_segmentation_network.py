"""Phantom CT with its truth for the segmentation benchmark, and a small network trained on it for a few minutes."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import torch
from _segmentation_sides import CLASSES, FILTERS, HU
from monai.losses import DiceCELoss
from monai.networks.nets import UNet
from monai.transforms import Compose, EnsureChannelFirstd, LoadImaged, Orientationd, ScaleIntensityRanged, Spacingd

from monai_app.core.loading import save_weights
from monai_app.core.random import scoped_torch_seed
from monai_app.phantom.anatomy import Organ
from monai_app.phantom.ct import take_ct
from monai_app.phantom.patient import draw_patient
from monai_app.phantom.volume import affine_ras

SEED, PATCH, LEARNING_RATE = 11, 64, 2e-3
TRAINING_SHAPE, TRAINING_PATIENTS = (80, 192, 192), 8
_CLASS_OF = {
    Organ.LUNG_RIGHT: 1,
    Organ.LUNG_LEFT: 1,
    Organ.MEDIASTINUM: 2,
    Organ.HEART: 3,
    Organ.GREAT_VESSELS: 3,
    Organ.LIVER: 4,
    Organ.BONE: 5,
}
_LESION = 6


def phantom_ct(folder: Path, patient: int, shape: tuple[int, int, int]) -> tuple[Path, Path]:
    """A patient's CT of (slices, rows, columns) and its labels as NIfTI; what is there already is taken."""
    name = f"patient{patient}_{'x'.join(map(str, shape))}"
    image, truth = folder / f"{name}.nii.gz", folder / f"{name}_truth.nii.gz"
    if not truth.exists():
        volume = take_ct(draw_patient(SEED, patient), shape=shape)
        table = np.zeros(len(Organ), np.uint8)
        for organ, label in _CLASS_OF.items():
            table[organ] = label
        labels = np.where(volume.lesions > 0, np.uint8(_LESION), table[volume.organs])
        for path, array in ((image, np.round(volume.values).astype(np.int16)), (truth, labels)):
            turned = np.ascontiguousarray(array.transpose(2, 1, 0))
            nibabel.save(nibabel.Nifti1Image(turned, affine_ras(volume.geometry)), path)
    return image, truth


def train(folder: Path, weights: Path, *, spacing_mm: float, steps: int) -> None:
    """Train a residual U-Net on random patches of a few phantom patients."""
    keys = ["image", "label"]
    before = Compose(
        [
            LoadImaged(keys),
            EnsureChannelFirstd(keys),
            Orientationd(keys, axcodes="RAS", labels=None),
            Spacingd(keys, pixdim=(spacing_mm,) * 3, mode=("bilinear", "nearest"), dtype=torch.float32),
            ScaleIntensityRanged("image", *HU, 0.0, 1.0, clip=True),
        ]
    )
    paths = [phantom_ct(folder, patient, TRAINING_SHAPE) for patient in range(TRAINING_PATIENTS)]
    volumes = [before({"image": image, "label": label}) for image, label in paths]
    with scoped_torch_seed(SEED, "segmentation benchmark"):
        net = UNet(3, 1, len(CLASSES), FILTERS, (2,) * (len(FILTERS) - 1), num_res_units=1)
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    loss = DiceCELoss(to_onehot_y=True, softmax=True)
    generator = np.random.default_rng(SEED)
    for _ in range(steps):
        volume = volumes[generator.integers(len(volumes))]
        corner = [generator.integers(size - PATCH + 1) for size in volume["image"].shape[1:]]
        part = (slice(None), *(slice(at, at + PATCH) for at in corner))
        image, label = (volume[key][part].as_tensor()[None].float() for key in keys)
        optimizer.zero_grad()
        loss(net(image), label).backward()
        optimizer.step()
        schedule.step()
    save_weights(weights, net.state_dict())
