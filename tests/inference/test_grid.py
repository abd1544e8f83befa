from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Orientation, Spacing

from monai_app.core.errors import InputRejected
from monai_app.inference.grid import Taps, network_grid
from tests.inference.tiny import AFFINES


@pytest.mark.parametrize("name", AFFINES)
@pytest.mark.parametrize("axcodes", ["RAS", "LPS"])
def test_shape_and_affine_are_those_of_monai(name: str, axcodes: str) -> None:
    image = MetaTensor(torch.zeros(1, 11, 14, 9), affine=torch.from_numpy(AFFINES[name]))
    turned = Compose([Orientation(axcodes, labels=None), Spacing((2.0, 2.5, 3.5))])(image)
    grid = network_grid((11, 14, 9), AFFINES[name], spacing_mm=(2.0, 2.5, 3.5), axcodes=axcodes)
    assert grid.shape == turned.shape[1:]
    np.testing.assert_allclose(grid.affine_ras, turned.affine.numpy(), atol=1e-6)


@pytest.mark.parametrize("name", AFFINES)
def test_a_network_voxel_lies_at_one_place_by_both_affines(name: str) -> None:
    grid = network_grid((11, 14, 9), AFFINES[name], spacing_mm=(2.0, 2.5, 3.5))
    index = np.array([2, 1, 1])
    there = np.zeros(3)
    there[list(grid.axes)] = np.array(grid.start) + np.array(grid.step) * index
    np.testing.assert_allclose(grid.affine_ras @ [*index, 1], AFFINES[name] @ [*there, 1], atol=1e-6)


def test_there_and_back_is_the_same_position() -> None:
    grid = network_grid((11, 14, 9), AFFINES["sagittal"], spacing_mm=(2.0, 2.5, 3.5))
    for axis in range(3):
        voxels = np.arange(grid.volume_shape[grid.axes[axis]])
        np.testing.assert_allclose(grid.start[axis] + grid.step[axis] * grid.backward(axis), voxels, atol=1e-9)


def test_a_spacing_of_zero_keeps_the_volume_s_own() -> None:
    grid = network_grid((11, 14, 9), AFFINES["LPS"], spacing_mm=(0.0, 0.0, 0.0))
    assert grid.shape == (11, 14, 9)
    assert [abs(step) for step in grid.step] == pytest.approx([1, 1, 1])


def test_taps_hold_the_border_and_hit_whole_voxels() -> None:
    source = torch.tensor([1.0, 3.0, 9.0])
    taps = Taps.at(np.array([-2.0, 0.0, 0.5, 1.0, 2.0, 7.0]), 3)
    assert taps.along(source, 0).tolist() == [1.0, 1.0, 2.0, 3.0, 9.0, 9.0]


def test_sheared_axes_are_refused() -> None:
    affine = np.eye(4)
    affine[1, 2] = 0.3
    with pytest.raises(InputRejected, match="AFFINE_SHEARED"):
        network_grid((9, 9, 9), affine, spacing_mm=(2.0, 2.0, 2.0))


@pytest.mark.parametrize("affine", [np.diag([1.0, 1.0, 0.0, 1.0]), np.full((4, 4), np.nan)])
def test_an_affine_that_spans_nothing_is_refused(affine: np.ndarray) -> None:
    with pytest.raises(InputRejected, match="AFFINE_SINGULAR"):
        network_grid((9, 9, 9), affine, spacing_mm=(2.0, 2.0, 2.0))
