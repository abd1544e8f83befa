"""Bones: a rib on each side, mirrored, falling forward; strands have a dense shell; arms follow the pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from monai_app.phantom.anatomy import Canvas, Organ, paint_thorax
from monai_app.phantom.build import Arms, Build, Pose
from monai_app.phantom.grid import cartesian
from monai_app.phantom.skeleton import CORTEX_HU, MARROW_HU, clavicles, paint_bones, ribs

BUILD = Build(139.0, 97.0, 1.0, 20.0, 14.0, 0.0, 1.0, 8.0, 14.0, 0.0, 20.0)
POSE = Pose(-75.0, 0.0, False, 1.0, -860.0, Arms.DOWN)


def test_bones_are_cortex_around_marrow() -> None:
    for strands in (ribs(BUILD, np.random.default_rng(0)), clavicles(BUILD, POSE)):
        shell, core = strands
        assert (shell.hu, core.hu) == (CORTEX_HU, MARROW_HU) and shell.radius_mm > core.radius_mm > 0
        np.testing.assert_array_equal(shell.points_mm, core.points_mm)


def test_ribs_lie_on_both_sides_outside_the_spine() -> None:
    points = ribs(BUILD, np.random.default_rng(0))[0].points_mm
    left, right = points[points[:, 0] > 0], points[points[:, 0] < 0]
    assert abs(np.abs(left[:, 0]).max() - np.abs(right[:, 0]).max()) < 1
    assert np.abs(points[:, 0]).max() > BUILD.half_width_mm


def test_clavicles_mirror_each_other_and_follow_the_size_of_the_thorax() -> None:
    points = clavicles(BUILD, POSE)[0].points_mm
    half = len(points) // 2
    np.testing.assert_allclose(points[:half] * [-1, 1, 1], points[half:], atol=1e-6)
    wide = clavicles(replace(BUILD, half_width_mm=150.0), POSE)[0].points_mm
    assert np.abs(wide[:, 0]).max() > np.abs(points[:, 0]).max()


def test_bone_is_painted_into_tissue_and_never_into_the_air() -> None:
    axis = np.arange(-200.0, 201.0, 10.0)
    canvas = Canvas(cartesian(axis, axis, axis[::-1]))
    paint_thorax(canvas, BUILD, POSE)
    air = canvas.hu < -950
    paint_bones(canvas, BUILD, POSE)
    assert (canvas.organ == Organ.BONE).any()
    assert canvas.hu[air].max() < -900
