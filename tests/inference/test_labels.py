from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Invertd, Orientationd, Spacingd

from monai_app.core.random import torch_generator
from monai_app.inference.grid import network_grid
from monai_app.inference.labels import LabelPainter
from monai_app.inference.windows import plan_windows
from monai_app.transforms.volume.body import everything
from tests.inference.tiny import AFFINES

SHAPE, SPACING, CLASSES = (17, 21, 13), (2.0, 2.5, 4.0), 5


@pytest.mark.parametrize("rows", [1, 3, 100])
@pytest.mark.parametrize("name", AFFINES)
def test_labels_of_random_probabilities_are_those_of_monai(name: str, rows: int) -> None:
    before = Compose([Orientationd("image", axcodes="RAS", labels=None), Spacingd("image", pixdim=SPACING)])
    data = before({"image": MetaTensor(torch.zeros(1, *SHAPE), affine=torch.from_numpy(AFFINES[name]))})
    scores = 3 * torch.randn(CLASSES, *data["image"].shape[1:], generator=torch_generator("painted", name))
    probabilities = torch.softmax(scores, dim=0)
    data["pred"] = MetaTensor(probabilities, affine=data["image"].affine)
    usual = Invertd("pred", before, orig_keys="image", nearest_interp=False)(data)["pred"].argmax(0).numpy()

    grid = network_grid(SHAPE, AFFINES[name], spacing_mm=SPACING)
    plan = plan_windows(grid.shape, (8, 8, 8), overlap=0.5, order=(2, 1, 0), box=everything(grid.shape))
    painter = LabelPainter(grid, plan, CLASSES)
    turned = probabilities.permute(0, 3, 2, 1)
    for first in range(0, turned.shape[1], rows):
        painter.add(first, turned[:, first : first + rows])
    assert (painter.labels == usual).mean() >= 0.9999
    assert painter.counts.tolist() == np.bincount(painter.labels.ravel(), minlength=CLASSES).tolist()


def test_a_tie_goes_to_the_smaller_label() -> None:
    grid = network_grid((6, 6, 6), np.eye(4), spacing_mm=(1.0, 1.0, 1.0))
    plan = plan_windows((6, 6, 6), (8, 8, 8), overlap=0.5, order=(0, 1, 2), box=everything((6, 6, 6)))
    painter = LabelPainter(grid, plan, 3)
    painter.add(0, torch.tensor([0.2, 0.4, 0.4]).reshape(3, 1, 1, 1).expand(3, 6, 6, 6))
    assert np.all(painter.labels == 1)


def test_outside_the_halo_is_background() -> None:
    grid = network_grid((12, 12, 12), np.eye(4), spacing_mm=(1.0, 1.0, 1.0))
    box = (slice(4, 8), slice(4, 8), slice(4, 8))
    plan = plan_windows((12, 12, 12), (4, 4, 4), overlap=0.0, order=(0, 1, 2), box=box)
    painter = LabelPainter(grid, plan, 2)
    painter.add(3, torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1).expand(2, 6, 6, 6))
    found = np.zeros((12, 12, 12), np.uint8)
    found[3:9, 3:9, 3:9] = 1
    assert np.array_equal(painter.labels, found)
