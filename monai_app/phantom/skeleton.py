"""The bones: ribs as tilted rings around the pleural space, clavicles, spine, scapulae, upper arms."""

from __future__ import annotations

import numpy as np

from monai_app.phantom.anatomy import SQUARENESS, Canvas, Organ, cavity_axes, spine_y
from monai_app.phantom.build import Arms, Build, Pose
from monai_app.phantom.grid import Slices, ellipsoid, oriented_ellipsoid, orthonormal
from monai_app.phantom.strand import Strand, arc_lengths, smooth_curve

CORTEX_HU, MARROW_HU, CHEST_WALL_HU = 1000.0, 420.0, 45.0
_RIB_ENDS_DEGREES = (118.0, 133.0, 143.0, 148.0, 150.0, 148.0, 143.0, 136.0, 126.0, 105.0, 70.0)
"""Where each rib's bone ends and its cartilage (which casts no shadow) begins."""

_RIB_RADIUS_MM, _RIB_FLATNESS, _CLAVICLE_RADIUS_MM = 6.0, 0.66, 6.2
_STEP_MM = 0.8
_CORTEX_MM = 1.4


def ribs(build: Build, rng: np.random.Generator) -> list[Strand]:
    """Every rib on both sides; each falls from the spine outwards and further towards the front."""
    lines = []
    for pair, end_degrees in enumerate(_RIB_ENDS_DEGREES):
        start_z = build.stretch * (126.0 - 23.0 * pair) + rng.normal(0.0, 0.8)
        fall = build.stretch * (30.0 + 14.0 * min(pair, 5) + 1.0 * max(pair - 5, 0)) + rng.normal(0.0, 2.0)
        for sign in (-1.0, 1.0):
            lines.append(_rib_line(build, sign=sign, start_z=start_z, fall=fall, end_angle=np.deg2rad(end_degrees)))
    return _tubes(lines, _RIB_RADIUS_MM, flatness=_RIB_FLATNESS)


def _rib_line(build: Build, *, sign: float, start_z: float, fall: float, end_angle: float) -> np.ndarray:
    """Points (P, 3) of a rib's middle, from its vertebra (angle 0: back) to its cartilage (180: front)."""
    angle = np.linspace(np.deg2rad(13.0), end_angle, 60)
    turn = angle / np.pi
    z = start_z + 4.0 * np.sin(np.pi * np.clip(turn / 0.2, 0.0, 1.0)) - fall * (0.55 * turn + 1.0 * turn**2)
    width, depth, centre = cavity_axes(build, z)
    # The wall is a rounded rectangle: r solves r^2 - s r^4 sin^2 cos^2 = 1 in units of its half axes.
    corner = np.maximum(SQUARENESS * (np.sin(angle) * np.cos(angle)) ** 2, 1e-6)
    reach = np.sqrt((1.0 - np.sqrt(1.0 - 4.0 * corner)) / (2.0 * corner))
    x = sign * (reach * width + 5.0) * np.sin(angle)
    y = centre + (reach * depth + 5.0) * np.cos(angle)
    # The neck of the rib leans on the transverse process of its vertebra.
    blend = np.clip((angle - angle[0]) / 0.35, 0.0, 1.0)
    x = blend * x + (1 - blend) * sign * 22.0
    y = blend * y + (1 - blend) * np.minimum(spine_y(build) + 26.0, y + 6.0)
    return _resample(np.stack([x, y, z], -1))


def _resample(points: np.ndarray) -> np.ndarray:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.arange(0.0, length[-1], _STEP_MM)
    return np.stack([np.interp(even, length, points[:, axis]) for axis in range(3)], -1)


def _tubes(lines: list[np.ndarray], radius_mm: float, *, flatness: float) -> list[Strand]:
    """Bones with a dense shell: full tubes of cortex, and the marrow that replaces their core."""
    points = np.concatenate(lines)
    lengths = np.concatenate([arc_lengths(line) for line in lines])
    return [
        Strand(points, lengths, radius_mm, CORTEX_HU, CHEST_WALL_HU, flatness),
        Strand(points, lengths, radius_mm - _CORTEX_MM, MARROW_HU, CORTEX_HU, flatness),
    ]


def clavicles(build: Build, pose: Pose) -> list[Strand]:
    """Two S-shaped clavicles from the sternum to the shoulders."""
    lift = -8.0 if pose.arms is Arms.ABDUCTED else 4.0
    front = -0.62 * build.half_depth_mm - build.muscle_mm
    lines = []
    for sign in (-1.0, 1.0):
        corners = [
            (sign * 16.0, front - 6.0, 86.0),
            (sign * 42.0, front - 8.0, 90.0),
            (sign * 80.0, front + 12.0, 101.0 + 0.6 * lift),
            (sign * 120.0, front + 32.0, 113.0 + lift),
            (sign * 160.0, front + 40.0, 114.0 + lift),
        ]
        scaled = [(x * build.half_width_mm / 139.0, y, z * build.stretch) for x, y, z in corners]
        lines.append(smooth_curve(scaled, _STEP_MM))
    return _tubes(lines, _CLAVICLE_RADIUS_MM, flatness=1.0)


def paint_bones(canvas: Canvas, build: Build, pose: Pose) -> None:
    """Paint the thick bones (spine, sternum, scapulae, humeri) onto a grid."""
    _paint_spine(canvas, build)
    _paint_sternum(canvas, build)
    for sign in (-1.0, 1.0):
        _paint_shoulder(canvas, build, pose, sign)


def _paint_bone(canvas: Canvas, slices: Slices, occupancy: np.ndarray, hu: float) -> None:
    """Paint bone where there is tissue or lung, never into the air around the patient."""
    within = np.maximum(np.clip((canvas.hu[slices] + 300.0) / 200.0, 0.0, 1.0), canvas.lung[slices])
    canvas.paint(slices, occupancy * within, hu, Organ.BONE)
    canvas.lung[slices] *= 1.0 - occupancy


def _paint_spine(canvas: Canvas, build: Build) -> None:
    pitch = 24.0 * build.stretch
    for level in range(-10, 8):
        z = level * pitch + 6.0
        # The thoracic spine bows backwards; the neck comes forward again.
        lean = build.kyphosis_mm * (float(np.cos(np.pi * np.clip(z / 320.0, -0.5, 0.5))) - 1.0)
        lean -= 0.9 * max(z - 85.0, 0.0)
        size = 1.0 + 0.0012 * (80.0 - z)
        centre = (0.0, spine_y(build) + 0.4 * lean, z)
        solids = (
            (centre, (16.5 * size, 13.0 * size, 9.6 * build.stretch), 190.0),
            ((0.0, centre[1] + 26.0, z - 6.0), (3.0, 13.0, 7.0), 200.0),
            ((-11.0, centre[1] + 15.0, z + 2.0), (4.0, 6.0, 6.0), 330.0),
            ((11.0, centre[1] + 15.0, z + 2.0), (4.0, 6.0, 6.0), 330.0),
            ((0.0, centre[1] + 18.0, z + 3.0), (27.0, 4.0, 4.5), 260.0),
        )
        for place, radii, hu in solids:
            _paint_bone(canvas, *ellipsoid(canvas.grid, place, radii), hu)


def _paint_sternum(canvas: Canvas, build: Build) -> None:
    front = -0.9 * build.half_depth_mm - 6.0
    for centre, radii in (
        ((0.0, 0.72 * front - 6.0, 84.0 * build.stretch), (26.0, 6.0, 22.0)),
        ((0.0, front - 2.0, 22.0), (15.0, 5.5, 52.0)),
    ):
        _paint_bone(canvas, *ellipsoid(canvas.grid, centre, radii), 170.0)


def _paint_shoulder(canvas: Canvas, build: Build, pose: Pose, sign: float) -> None:
    aside = {Arms.DOWN: 0.0, Arms.ABDUCTED: 22.0, Arms.OVERHEAD: 12.0}[pose.arms]
    unit = build.half_width_mm / 139.0
    blade = (sign * (116.0 + aside) * unit, 66.0, 52.0)
    axes = orthonormal((sign * (0.30 + aside / 150.0), -0.10, 0.92))
    for centre, radii, hu in (
        (blade, (66.0, 36.0, 6.0) if pose.arms is Arms.DOWN else (66.0, 16.0, 24.0), 150.0),
        ((blade[0] + sign * 22.0, 55.0, 50.0), (64.0, 5.0, 5.0), 330.0),
        ((blade[0] + sign * 4.0, 72.0, 96.0), (8.0, 8.0, 40.0), 260.0),
    ):
        _paint_bone(canvas, *oriented_ellipsoid(canvas.grid, centre, radii, axes), hu)
    head = (sign * 172.0 * unit, 14.0, 116.0 * build.stretch)
    _paint_bone(canvas, *ellipsoid(canvas.grid, head, (24.0, 24.0, 25.0)), 260.0)
    if pose.arms is Arms.DOWN:
        shaft = (sign * 190.0 * unit, 12.0, 10.0)
        _paint_bone(canvas, *ellipsoid(canvas.grid, shaft, (13.0, 13.0, 130.0)), 420.0)
