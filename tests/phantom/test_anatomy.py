from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_app.phantom.anatomy import AIR_HU, Canvas, Organ, paint_thorax
from monai_app.phantom.build import Arms, Build, Pose
from monai_app.phantom.grid import cartesian
from monai_app.phantom.skeleton import paint_bones, ribs

BUILD = Build(139.0, 97.0, 1.0, 20.0, 14.0, 0.0, 1.0, 8.0, 14.0, 0.0, 20.0)
POSE = Pose(-75.0, 0.0, False, 1.0, -860.0, Arms.ABDUCTED)
X, Y, Z = np.arange(-210.0, 211.0, 6.0), np.arange(-150.0, 151.0, 6.0), np.arange(170.0, -191.0, -6.0)


def painted(build: Build = BUILD, pose: Pose = POSE) -> Canvas:
    canvas = Canvas(cartesian(X, Y, Z))
    paint_thorax(canvas, build, pose)
    paint_bones(canvas, build, pose)
    return canvas


CANVAS = painted()


def centre(organ: Organ) -> np.ndarray:
    row, column, depth = (index.mean() for index in np.nonzero(organ == CANVAS.organ))
    return np.array(
        [np.interp(column, range(X.size), X), np.interp(depth, range(Y.size), Y), np.interp(row, range(Z.size), Z)]
    )


def test_organs_lie_inside_the_body_and_nothing_else_is_labelled() -> None:
    outside = CANVAS.organ == Organ.OUTSIDE
    assert (CANVAS.hu[outside] < -500).all()
    edge = np.ones_like(outside)
    edge[:, 2:-2, 2:-2] = False
    inner = (CANVAS.organ >= Organ.LUNG_RIGHT) & (CANVAS.organ <= Organ.STOMACH_GAS)
    assert not (inner & edge).any()


def test_every_organ_is_there_and_of_human_size() -> None:
    litres = {organ: (organ == CANVAS.organ).sum() * 216 / 1e6 for organ in Organ}
    assert 1.5 < litres[Organ.LUNG_RIGHT] < 4.0 and 1.2 < litres[Organ.LUNG_LEFT] < 3.5
    assert litres[Organ.LUNG_LEFT] < litres[Organ.LUNG_RIGHT]
    assert 0.4 < litres[Organ.HEART] < 1.2
    assert min(litres.values()) > 0.0


def test_left_is_left_and_the_right_dome_is_higher() -> None:
    assert centre(Organ.LUNG_LEFT)[0] > 30 > -30 > centre(Organ.LUNG_RIGHT)[0]
    assert centre(Organ.HEART)[0] > 5 and centre(Organ.LIVER)[0] < -20 and centre(Organ.STOMACH_GAS)[0] > 30
    assert centre(Organ.BONE)[1] > 0 > centre(Organ.HEART)[1]
    middle = int(np.argmin(np.abs(Y)))
    depth = {}
    for organ, x in ((Organ.LUNG_RIGHT, -70.0), (Organ.LUNG_LEFT, 70.0)):
        column = CANVAS.organ[:, int(np.argmin(np.abs(X - x))), middle] == organ
        depth[organ] = Z[np.flatnonzero(column).max()]
    assert depth[Organ.LUNG_RIGHT] > depth[Organ.LUNG_LEFT]


def test_lungs_hold_air_and_the_rest_does_not() -> None:
    lung = CANVAS.lung > 0.99
    assert CANVAS.hu[lung].max() < -700 and np.median(CANVAS.hu[CANVAS.organ == Organ.HEART]) > 30
    assert CANVAS.hu.min() >= AIR_HU


def test_a_larger_heart_takes_more_room_and_a_deeper_breath_gives_more_lung() -> None:
    enlarged = painted(replace(BUILD, heart_scale=1.3))
    assert (enlarged.organ == Organ.HEART).sum() > 1.6 * (CANVAS.organ == Organ.HEART).sum()
    shallow = painted(pose=replace(POSE, dome_z_mm=-45.0))
    assert shallow.lung.sum() < 0.95 * CANVAS.lung.sum()


def test_ribs_run_outside_the_lungs_and_fall_towards_the_front() -> None:
    shell = ribs(BUILD, np.random.default_rng(0))[0].points_mm
    row, column, depth = (
        np.clip(np.round((shell[:, axis] - grid[0]) / (grid[1] - grid[0])).astype(int), 0, grid.size - 1)
        for axis, grid in ((2, Z), (0, X), (1, Y))
    )
    assert (CANVAS.lung[row, column, depth] > 0.9).mean() < 0.02
    back, front = shell[shell[:, 1] > 60][:, 2].mean(), shell[shell[:, 1] < -60][:, 2].mean()
    assert back > front + 20


def test_the_thorax_is_the_same_on_any_grid() -> None:
    half = Canvas(cartesian(X[::2], Y[::2], Z[::2]))
    paint_thorax(half, BUILD, POSE)
    whole = Canvas(cartesian(X, Y, Z))
    paint_thorax(whole, BUILD, POSE)
    same = half.organ == whole.organ[::2, ::2, ::2]
    assert same.mean() == pytest.approx(1.0, abs=0.02)
