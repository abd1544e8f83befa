from __future__ import annotations

import numpy as np
import pytest

from monai_app.phantom.grid import cartesian, ellipsoid, oriented_ellipsoid, orthonormal

AXIS = np.arange(-50.0, 50.5, 2.0)
GRID = cartesian(AXIS, AXIS, AXIS[::-1])


def test_occupancy_integrates_to_the_volume_of_an_ellipsoid() -> None:
    _, occupancy = ellipsoid(GRID, (3.0, -2.0, 1.0), (20.0, 15.0, 30.0))
    assert occupancy.sum() * 8.0 == pytest.approx(4 / 3 * np.pi * 20 * 15 * 30, rel=0.02)


def test_turning_an_ellipsoid_keeps_its_volume() -> None:
    axes = orthonormal((0.6, -0.5, 0.62))
    _, turned = oriented_ellipsoid(GRID, (0.0, 0.0, 0.0), (30.0, 15.0, 20.0), axes)
    _, straight = ellipsoid(GRID, (0.0, 0.0, 0.0), (30.0, 15.0, 20.0))
    assert turned.sum() == pytest.approx(straight.sum(), rel=0.02)
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)


def test_a_window_beyond_the_grid_is_empty() -> None:
    slices, occupancy = ellipsoid(GRID, (500.0, 0.0, 0.0), (10.0, 10.0, 10.0))
    assert occupancy.size == 0 and slices[1] == slice(0, 0)


def test_a_surface_is_half_occupied() -> None:
    assert GRID.soften(np.array([-100.0, 0.0, 100.0])).tolist() == [1.0, 0.5, 0.0]
