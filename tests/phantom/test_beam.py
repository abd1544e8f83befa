from __future__ import annotations

import numpy as np
import pytest

from monai_app.phantom.beam import WATER_PER_MM, Beam, attenuation_per_mm, line_integral, transmission
from monai_app.phantom.patient import View

PA = Beam(View.PA, detector_y_mm=-150.0, centre_z_mm=10.0, width_mm=240.0, height_mm=320.0)
DEPTHS = np.arange(-100.0, 101.0, 4.0)


def test_a_uniform_slab_transmits_exp_minus_mu_d() -> None:
    hu = np.full((3, 3, 25), -1000.0, np.float32)
    hu[:, :, 5:15] = 0.0
    path = line_integral(hu, 4.0, np.ones((3, 3), np.float32))
    assert transmission(path) == pytest.approx(np.full((3, 3), np.exp(-WATER_PER_MM * 40.0)), rel=1e-5)


def test_air_lets_everything_through_and_nothing_amplifies() -> None:
    assert attenuation_per_mm(np.array([-1000.0, -3000.0])).tolist() == [0.0, 0.0]
    assert (np.diff(attenuation_per_mm(np.linspace(-1000, 3000, 50))) > 0).all()


def test_an_object_near_the_source_is_magnified_more() -> None:
    at_detector, far = PA.shrink(np.array([-150.0, 150.0]))
    assert at_detector == 1.0 and far == pytest.approx(1 - 300 / 1800)


def test_points_of_a_ray_fall_on_its_pixel() -> None:
    lordosis, pixel = 0.1, 4.0
    grid = PA.rays(pixel, DEPTHS, lordosis)
    x, y, z = (np.broadcast_to(axis, grid.shape) for axis in (grid.x, grid.y, grid.z))
    row, column = 17, 42
    points = np.stack([x[row, column], y[row, column], z[row, column]], -1).astype(float)
    u, v, _ = PA.shadow(points, lordosis)
    assert (u + PA.width_mm / 2) / pixel - 0.5 == pytest.approx(np.full(len(u), column), abs=1e-3)
    assert (PA.height_mm / 2 - v) / pixel - 0.5 == pytest.approx(np.full(len(v), row), abs=1e-3)


def test_oblique_rays_are_longer() -> None:
    lengths = PA.obliquity(4.0)
    assert lengths.min() == pytest.approx(1.0, abs=1e-4) and lengths.argmax() in (0, lengths.size - 1)
