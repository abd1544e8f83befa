from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Orientation, Spacing

from monai_app.inference.grid import network_grid
from monai_app.inference.resample import plane_order, to_network_grid
from tests.inference.tiny import AFFINES, volume


@pytest.mark.parametrize("name", AFFINES)
def test_values_are_those_of_monai(name: str) -> None:
    scan = volume(affine=AFFINES[name])
    image = MetaTensor(torch.from_numpy(scan.array.astype(np.float32))[None], affine=torch.from_numpy(scan.affine_ras))
    usual = Compose([Orientation("RAS", labels=None), Spacing((2.0, 2.5, 3.5))])(image)
    ours = to_network_grid(scan.array, network_grid(scan.array.shape, scan.affine_ras, spacing_mm=(2.0, 2.5, 3.5)))
    torch.testing.assert_close(ours, usual[0].as_tensor(), atol=2e-2, rtol=1e-4)


@pytest.mark.parametrize("dtype", [">i2", "<i2", "u2", "u1", "f8"])
def test_types_that_torch_does_not_know_are_read(dtype: str) -> None:
    scan = volume()
    grid = network_grid(scan.array.shape, scan.affine_ras, spacing_mm=(2.0, 2.0, 2.0))
    positive = np.abs(scan.array) % 200
    assert torch.equal(to_network_grid(positive.astype(dtype), grid), to_network_grid(positive, grid))


@pytest.mark.parametrize("order", ["C", "F"])
def test_planes_are_read_as_they_lie_in_memory(order: str) -> None:
    array = np.zeros((4, 5, 6), np.int16, order=order)  # type: ignore[call-overload]
    grid = network_grid(array.shape, AFFINES["RAS"], spacing_mm=(1.0, 1.0, 1.0))
    assert plane_order(array, grid) == ((0, 1, 2) if order == "C" else (2, 1, 0))


def test_what_is_no_image_gets_the_least_valid_value() -> None:
    scan = volume()
    valid = np.ones(scan.array.shape, bool)
    valid[:5], valid[:, :, 3] = False, False
    marked = np.where(valid, scan.array, np.int16(-2000))
    filled = np.where(valid, scan.array, scan.array[valid].min())
    grid = network_grid(scan.array.shape, scan.affine_ras, spacing_mm=(2.0, 2.0, 2.0))
    assert torch.equal(to_network_grid(marked, grid, valid=valid), to_network_grid(filled, grid))
