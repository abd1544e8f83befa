"""Soft organs of the analytic thorax, painted onto any grid as HU and organ labels.

Surfaces are signed distances in mm (negative inside); later organs overwrite earlier ones with their occupancy.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import numpy as np

from monai_app.phantom.build import Arms, Build, Pose
from monai_app.phantom.grid import (
    Box,
    Grid,
    Slices,
    ellipsoid,
    oriented_ellipsoid,
    orthonormal,
)


class Organ(IntEnum):
    """Labels of the organ maps."""

    OUTSIDE = 0
    SOFT_TISSUE = 1
    LUNG_RIGHT = 2
    LUNG_LEFT = 3
    MEDIASTINUM = 4
    HEART = 5
    GREAT_VESSELS = 6
    AIRWAY = 7
    LIVER = 8
    STOMACH_GAS = 9
    BONE = 10


class Lesion(IntEnum):
    """Labels of the lesion maps; on films each kind is bit ``1 << (label - 1)`` of the mask."""

    CONSOLIDATION = 1
    CONGESTION = 2
    EFFUSION = 3
    NODULE = 4
    PNEUMOTHORAX = 5


AIR_HU, FAT_HU, MUSCLE_HU, BLOOD_HU, LIVER_HU, SPONGIOSA_HU = -1000.0, -95.0, 45.0, 45.0, 60.0, 190.0
MEDIASTINAL_HU = -30.0
"""Fat with thymus, nodes and oesophagus in it."""

SQUARENESS = 0.35
"""s of the rounded rectangles (Fernandez-Guasti's squircle, s^2 there): 0 an ellipse, 1 a rectangle."""

_EVERYWHERE: Box = ((-1e4, 1e4), (-1e4, 1e4), (-1e4, 1e4))
_FLOOR_DEPTH_MM = 62.0
"""From the top of a dome to the deepest point of the costophrenic recess."""

_HEIGHTS = np.array([-260.0, -200.0, -130.0, -90.0, -30.0, 10.0, 50.0, 80.0, 105.0, 125.0, 140.0, 175.0])
_CAVITY_WIDTH = np.array([0.90, 0.93, 0.97, 1.0, 1.0, 0.965, 0.88, 0.78, 0.66, 0.52, 0.38, 0.20])
_CAVITY_DEPTH = np.array([0.98, 0.98, 1.0, 1.02, 1.0, 0.95, 0.84, 0.74, 0.62, 0.50, 0.40, 0.25])
_MEDIASTINUM_WIDTH = np.array([34.0, 30.0, 24.0, 20.0, 16.0, 17.0, 23.0, 28.0, 30.0, 29.0, 27.0, 24.0])
_SHOULDER_HEIGHTS = np.array([-400.0, -20.0, 40.0, 60.0, 80.0, 100.0, 122.0, 138.0, 150.0, 160.0, 172.0, 190.0, 260.0])
_SHOULDER_WIDTH = np.array([0.0, 142.0, 160.0, 178.0, 204.0, 224.0, 228.0, 214.0, 186.0, 150.0, 106.0, 74.0, 64.0])


class Canvas:
    """HU and organ labels on a grid.

    Attributes:
        hu: (rows, columns, depth) float32.
        organ: (rows, columns, depth) uint8, see :class:`Organ`.
        lung: occupancy of the lungs that hold air and vessels, float32.
        lesions: per kind of lesion its occupancy on the whole grid, float32.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.hu = np.full(grid.shape, AIR_HU, np.float32)
        self.organ = np.zeros(grid.shape, np.uint8)
        self.lung = np.zeros(grid.shape, np.float32)
        self.lesions: dict[Lesion, np.ndarray] = {}

    def paint(self, slices: Slices, occupancy: np.ndarray, hu: float, organ: Organ | None = None) -> None:
        """Blend a material into a window."""
        window = self.hu[slices]
        window += occupancy * (np.float32(hu) - window)
        if organ is not None:
            self.organ[slices][occupancy > 0.5] = organ


def paint_thorax(canvas: Canvas, build: Build, pose: Pose) -> None:
    """Paint body, lungs, mediastinum, heart, great vessels, airways and what lies below the diaphragm."""
    _paint_body(canvas, build, pose)
    _paint_cavity(canvas, build, pose)
    _paint_mediastinum(canvas, build, pose)
    _paint_stomach(canvas, build, pose)
    _paint_heart(canvas, build, pose)
    _paint_great_vessels(canvas, build)
    _paint_airways(canvas)


def squircle_distance(x: np.ndarray, y: np.ndarray, half_width: np.ndarray, half_depth: np.ndarray) -> np.ndarray:
    """Approximate signed distance (mm) to a rounded rectangle X^2 + Y^2 - s X^2 Y^2 = 1 in units of its half axes."""
    across, along = np.minimum((x / half_width) ** 2, 2.5), np.minimum((y / half_depth) ** 2, 2.5)
    return (np.sqrt(across + along - SQUARENESS * across * along) - 1.0) * np.minimum(half_width, half_depth)


def cavity_axes(build: Build, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half width, half depth and the centre's y (mm) of the rib cage's inner surface at height z."""
    height = z / np.float32(build.stretch)
    width = np.interp(height, _HEIGHTS, _CAVITY_WIDTH) * build.half_width_mm
    depth = np.interp(height, _HEIGHTS, _CAVITY_DEPTH) * build.half_depth_mm
    centre = np.interp(height, [-150.0, 20.0, 140.0], [0.0, 2.0, 14.0 - 0.5 * build.kyphosis_mm])
    return width.astype(np.float32), depth.astype(np.float32), centre.astype(np.float32)


def lung_distance(grid: Grid, build: Build, pose: Pose) -> np.ndarray:
    """Signed distance (mm) to the pleural space of both sides, mediastinum not yet taken out."""
    return np.maximum(cavity_distance(grid, build), -dome_distance(grid, build, pose))


def pleural_test(build: Build, pose: Pose, *, margin_mm: float) -> Callable[[np.ndarray], np.ndarray]:
    """A function that says of points (P, 3) whether they lie at least ``margin_mm`` inside the pleural space."""

    def inside(points_mm: np.ndarray) -> np.ndarray:
        x, y, z = (points_mm[:, axis].astype(np.float32)[:, None, None] for axis in range(3))
        return lung_distance(Grid(x, y, z, 1.0), build, pose)[:, 0, 0] < -margin_mm

    return inside


def cavity_distance(grid: Grid, build: Build) -> np.ndarray:
    """Signed distance (mm) to the inside of the rib cage with its two rounded apices; open below."""
    width, depth, centre = cavity_axes(build, grid.z)
    cavity = squircle_distance(grid.x, grid.y - centre, width, depth)
    top = np.float32(58.0 * build.stretch)
    upper = np.flatnonzero((grid.z > top).any(axis=tuple(range(1, grid.z.ndim))))
    if not upper.size:
        return cavity
    rows = slice(int(upper[0]), int(upper[-1]) + 1)
    x, y = (axis[rows] if axis.shape[0] > 1 else axis for axis in (grid.x, grid.y))
    unit = np.float32(build.half_width_mm)
    rise = np.maximum(grid.z[rows] - top, 0.0) / np.float32(76.0 * build.stretch)
    beside = np.abs(x) - 0.38 * unit
    # Rounded towards the midline at the top only: lower down both lungs meet behind the sternum.
    medial = 0.33 + 0.6 * np.maximum(1.0 - rise / 0.6, 0.0)
    aside = beside / np.where(beside > 0.0, np.float32(0.55) * unit, medial * unit)
    apex = (np.sqrt(aside**2 + ((y - 14.0) / 95.0) ** 2 + rise**2) - 1.0) * np.float32(60.0)
    cavity[rows] = np.where(rise > 0.0, np.maximum(cavity[rows], apex), cavity[rows])
    return cavity


def dome_distance(grid: Grid, build: Build, pose: Pose) -> np.ndarray:
    """Signed distance (mm) to the abdomen below the two domes of the diaphragm."""
    unit = build.half_width_mm
    sides = []
    for sign, drop in ((-1.0, 0.0), (1.0, build.dome_difference_mm)):
        floor = np.float32(pose.dome_z_mm * build.stretch - drop - _FLOOR_DEPTH_MM)
        aside = np.float32(sign) * grid.x - np.float32(0.50 * unit)
        # Towards the midline the domes join in a flat central tendon that carries the heart.
        across = aside / np.where(aside > 0.0, np.float32(0.545 * unit), np.float32(0.90 * unit))
        along = (grid.y + 12.0) / np.float32(1.20 * build.half_depth_mm)
        above = np.maximum(grid.z - floor, 0.0) / np.float32(_FLOOR_DEPTH_MM)
        dome = (np.sqrt(across**2 + along**2 + above**2) - 1.0) * np.float32(0.5 * (_FLOOR_DEPTH_MM + 0.545 * unit))
        sides.append(np.minimum(dome, grid.z - floor))
    return np.minimum(*sides)


def _paint_body(canvas: Canvas, build: Build, pose: Pose) -> None:
    grid = canvas.grid
    width, depth, centre = cavity_axes(build, np.minimum(grid.z, 60.0))
    wall = np.float32(build.muscle_mm + 9.0)
    bulk = width + wall + np.float32(0.35 * build.fat_mm)
    shoulder = np.interp(grid.z / build.stretch, _SHOULDER_HEIGHTS, _SHOULDER_WIDTH).astype(np.float32)
    shoulder = shoulder * np.float32(build.half_width_mm / 139.0)
    above = np.clip((grid.z / build.stretch - 95.0) / 60.0, 0.0, 1.0)
    bulk = np.where(grid.z > 60.0, np.maximum(bulk * (1.0 - above), shoulder), np.maximum(bulk, shoulder))
    thick = (depth + wall) * (1.0 - 0.28 * np.clip((grid.z / build.stretch - 60.0) / 90.0, 0.0, 1.0))
    muscle = squircle_distance(grid.x, grid.y - centre, bulk, thick)
    slices = grid.window(_EVERYWHERE)
    canvas.paint(slices, grid.soften(muscle - np.float32(build.fat_mm)), FAT_HU, Organ.SOFT_TISSUE)
    canvas.paint(slices, grid.soften(muscle), MUSCLE_HU, Organ.SOFT_TISSUE)
    _paint_breasts(canvas, build, pose)
    if pose.arms is Arms.DOWN:
        _paint_arms(canvas, build)


def _paint_breasts(canvas: Canvas, build: Build, pose: Pose) -> None:
    if build.breast_mm <= 0.0:
        return
    radius = build.breast_mm
    flat = 0.5 if pose.arms is Arms.OVERHEAD else 1.0
    for sign in (-1.0, 1.0):
        centre = (sign * 0.58 * build.half_width_mm, -build.half_depth_mm - build.muscle_mm + 4.0, -62.0)
        axes = orthonormal((sign * 0.12, -0.55, -0.83))
        slices, occupancy = oriented_ellipsoid(
            canvas.grid, centre, (1.2 * radius, 1.05 * radius, 0.62 * radius * flat), axes
        )
        outside = np.clip((-60.0 - canvas.hu[slices]) / 940.0, 0.0, 1.0)
        canvas.paint(slices, occupancy * outside, -40.0, Organ.SOFT_TISSUE)


def _paint_arms(canvas: Canvas, build: Build) -> None:
    for sign in (-1.0, 1.0):
        offset = build.half_width_mm + build.muscle_mm + 0.8 * build.fat_mm + 58.0
        centre = (sign * offset, 8.0, -60.0)
        slices, occupancy = ellipsoid(canvas.grid, centre, (40.0 + 0.5 * build.fat_mm, 42.0, 210.0))
        canvas.paint(slices, occupancy, 10.0, Organ.SOFT_TISSUE)


def _paint_cavity(canvas: Canvas, build: Build, pose: Pose) -> None:
    """The lungs above the diaphragm, and the abdomen's organs below it, within the rib cage."""
    reach = build.half_width_mm + 8.0
    deep = build.half_depth_mm + 12.0
    slices = canvas.grid.window(((-reach, reach), (-deep, deep), (-300.0, 150.0 * build.stretch)))
    part = canvas.grid.part(slices)
    cavity, dome = cavity_distance(part, build), dome_distance(part, build, pose)
    inside = part.soften(np.maximum(cavity, dome))
    canvas.paint(slices, inside, 48.0)
    canvas.paint(slices, inside * np.clip((38.0 - part.x) / 20.0, 0.0, 1.0), LIVER_HU, Organ.LIVER)
    occupancy = part.soften(np.maximum(cavity, -dome))
    canvas.lung[slices] = occupancy
    # Gravity: the back of the lung is denser when lying down.
    density = np.float32(pose.lung_hu) + np.float32(0.35 if pose.supine else 0.1) * part.y
    window = canvas.hu[slices]
    window += occupancy * (density - window)
    lung, left = occupancy > 0.5, np.broadcast_to(part.x > 0, occupancy.shape)
    canvas.organ[slices][lung & ~left] = Organ.LUNG_RIGHT
    canvas.organ[slices][lung & left] = Organ.LUNG_LEFT


def _paint_stomach(canvas: Canvas, build: Build, pose: Pose) -> None:
    if build.bubble_mm > 8.0:
        size = build.bubble_mm
        top = pose.dome_z_mm * build.stretch - build.dome_difference_mm
        centre = (0.50 * build.half_width_mm, -18.0, top - 9.0 - 0.62 * size)
        slices, gas = ellipsoid(canvas.grid, centre, (1.25 * size, 1.2 * size, 0.62 * size))
        canvas.paint(slices, gas, -960.0, Organ.STOMACH_GAS)


def _paint_mediastinum(canvas: Canvas, build: Build, pose: Pose) -> None:
    slices = canvas.grid.window(((-75.0, 75.0), (-140.0, 140.0), (-260.0, 175.0)))
    part = canvas.grid.part(slices)
    width = np.interp(part.z / build.stretch, _HEIGHTS, _MEDIASTINUM_WIDTH).astype(np.float32)
    _, depth, centre = cavity_axes(build, part.z)
    across, along = (part.x - 2.0) / width, (part.y - centre + 4.0) / (0.66 * depth)
    plate = (np.sqrt(across**2 + along**2) - 1.0) * width
    gutter = np.sqrt(part.x**2 + (part.y - np.float32(spine_y(build))) ** 2) - 19.5
    body = np.clip((canvas.hu[slices] - AIR_HU) / 100.0, 0.0, 1.0)
    above = np.clip((part.z - np.float32(pose.dome_z_mm * build.stretch - 40.0)) / 15.0, 0.0, 1.0)
    _cover(canvas, slices, part.soften(plate) * body * above, MEDIASTINAL_HU, Organ.MEDIASTINUM)
    _cover(canvas, slices, part.soften(gutter) * body, MUSCLE_HU, Organ.MEDIASTINUM)


def spine_y(build: Build) -> float:
    """Depth (mm) of the centres of the vertebral bodies."""
    return build.half_depth_mm - 20.0


def _cover(canvas: Canvas, slices: Slices, occupancy: np.ndarray, hu: float, organ: Organ) -> None:
    """Paint over lung: the lung gives way."""
    canvas.paint(slices, occupancy, hu, organ)
    canvas.lung[slices] *= 1.0 - occupancy


def heart_centre(build: Build, pose: Pose) -> tuple[float, float, float]:
    """Centre (mm) of the ventricles; a larger heart grows to the left and rests on the diaphragm."""
    grown = build.heart_scale * pose.heart_spread
    floor = pose.dome_z_mm * build.stretch - 0.4 * build.dome_difference_mm
    return (24.0 + 26.0 * (grown - 1.0) + build.heart_shift_mm, -27.0, floor + 25.0 * grown)


def _paint_heart(canvas: Canvas, build: Build, pose: Pose) -> None:
    scale = build.heart_scale * build.half_width_mm / 139.0
    wide = scale * pose.heart_spread
    x, y, z = heart_centre(build, pose)
    ventricles = oriented_ellipsoid(
        canvas.grid, (x, y, z), (72.0 * wide, 58.0 * scale, 49.0 * scale), orthonormal((0.83, -0.30, -0.46))
    )
    atrium = ellipsoid(
        canvas.grid, (x - 36.0 * wide, y + 12.0, z + 10.0 * scale), (34.0 * wide, 38.0 * scale, 44.0 * scale)
    )
    base = ellipsoid(canvas.grid, (x - 10.0, y + 16.0, z + 34.0 * scale), (38.0 * wide, 36.0 * scale, 38.0 * scale))
    rest = ellipsoid(canvas.grid, (x - 8.0, y + 4.0, z - 32.0 * scale), (58.0 * wide, 46.0 * scale, 26.0 * scale))
    for slices, occupancy in (ventricles, atrium, base, rest):
        _cover(canvas, slices, occupancy, BLOOD_HU, Organ.HEART)


def _paint_great_vessels(canvas: Canvas, build: Build) -> None:
    lift = 8.0 * (build.stretch - 1.0)
    solids = (
        ((-17.0, -8.0, 42.0 + lift), (20.0, 26.0, 60.0)),
        ((24.0, 22.0, 58.0 + lift), (19.0, 24.0, 19.0)),
        ((4.0, 6.0, 68.0 + lift), (26.0, 22.0, 15.0)),
        ((26.0, -8.0, 20.0 + lift), (21.0, 24.0, 22.0)),
        ((20.0, spine_y(build) - 26.0, -25.0), (12.0, 12.0, 120.0)),
    )
    for centre, radii in solids:
        slices, occupancy = ellipsoid(canvas.grid, centre, radii)
        _cover(canvas, slices, occupancy, BLOOD_HU, Organ.GREAT_VESSELS)
    for sign, height in ((-1.0, 10.0), (1.0, 18.0)):
        slices, occupancy = ellipsoid(canvas.grid, (sign * 36.0, 6.0, height + lift), (17.0, 18.0, 20.0))
        _cover(canvas, slices, 0.75 * occupancy, BLOOD_HU, Organ.MEDIASTINUM)


def _paint_airways(canvas: Canvas) -> None:
    tubes = [((0.5, 12.0 + 0.06 * (118.0 - z), z), 8.5) for z in np.arange(48.0, 200.0, 5.0)]
    for sign, slope in ((-1.0, 1.15), (1.0, 0.75)):
        tubes += [((sign * run, 17.0, 48.0 - slope * run), 6.0) for run in np.arange(2.0, 34.0, 4.0)]
    for centre, radius in tubes:
        slices, occupancy = ellipsoid(canvas.grid, centre, (radius, radius, radius))
        canvas.paint(slices, 0.9 * occupancy, -980.0, Organ.AIRWAY)
        canvas.lung[slices] *= 1.0 - occupancy
