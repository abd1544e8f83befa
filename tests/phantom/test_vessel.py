from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monai_app.phantom.build import draw_build
from monai_app.phantom.patient import Patient
from monai_app.phantom.vessel import draw_vessels


def everywhere(points: np.ndarray) -> np.ndarray:
    return np.ones(len(points), bool)


def test_vessels_thin_out_towards_the_periphery(patient_with: Callable[..., Patient]) -> None:
    build = draw_build(patient_with())
    trees = draw_vessels(build, np.random.default_rng(0), in_pleura=everywhere, in_lung=everywhere, upper_widening=0.0)
    reach = {t.radius_mm: np.abs(t.points_mm[:, 0]).mean() for t in trees}
    assert reach[min(reach)] > reach[max(reach)]
    assert sum(t.lengths_mm.sum() for t in trees if t.radius_mm < 1.0) > sum(
        t.lengths_mm.sum() for t in trees if t.radius_mm > 3.0
    )


def test_a_shallower_lung_cuts_the_same_trees(patient_with: Callable[..., Patient]) -> None:
    build = draw_build(patient_with())

    def above(points: np.ndarray) -> np.ndarray:
        return points[:, 2] > -40.0

    whole = draw_vessels(build, np.random.default_rng(0), in_pleura=everywhere, in_lung=everywhere, upper_widening=0.0)
    part = draw_vessels(build, np.random.default_rng(0), in_pleura=everywhere, in_lung=above, upper_widening=0.0)
    kept = {tuple(point) for strand in whole for point in np.round(strand.points_mm, 6)}
    assert all(tuple(point) in kept for strand in part for point in np.round(strand.points_mm, 6))
    assert min(strand.points_mm[:, 2].min() for strand in part) > -40.0


def test_congestion_widens_the_upper_vessels(patient_with: Callable[..., Patient]) -> None:
    build = draw_build(patient_with())
    areas = []
    for widening in (0.0, 0.5):
        trees = draw_vessels(
            build, np.random.default_rng(0), in_pleura=everywhere, in_lung=everywhere, upper_widening=widening
        )
        areas.append(sum(t.radius_mm**2 * t.lengths_mm[t.points_mm[:, 2] > 40].sum() for t in trees))
    assert areas[1] > 1.3 * areas[0]
