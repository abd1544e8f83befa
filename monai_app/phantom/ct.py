"""The CT of a patient: the analytic thorax sampled on voxels, with organ and lesion labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from monai_app.dicom.write_series import SeriesGeometry
from monai_app.phantom.anatomy import Canvas, Lesion, Organ, paint_thorax, pleural_test
from monai_app.phantom.build import Build, Pose, draw_build, volume_pose
from monai_app.phantom.grid import Grid, cartesian
from monai_app.phantom.lesion import draw_findings, paint_lesions
from monai_app.phantom.patient import Patient
from monai_app.phantom.skeleton import clavicles, paint_bones, ribs
from monai_app.phantom.strand import Strand, stamp
from monai_app.phantom.vessel import BRANCHING_MARGIN_MM, draw_vessels

CT_SHAPE = (80, 192, 192)
"""(slices, rows, columns)."""

_FIELD_MM, _SLICE_MM, _TOP_MM = 403.2, 4.0, 150.0
_NOISE_HU = 16.0
_COUCH_HU = -650.0
_LESION_OCCUPANCY = {
    Lesion.CONSOLIDATION: 0.25,
    Lesion.CONGESTION: 0.15,
    Lesion.EFFUSION: 0.5,
    Lesion.NODULE: 0.5,
    Lesion.PNEUMOTHORAX: 0.5,
}
"""Occupancy from which a voxel belongs to a lesion."""


@dataclass(frozen=True)
class Volume:
    """A volume with its labels, all (slices, rows, columns).

    Attributes:
        values: HU for CT, arbitrary units for MR.
        organs: see :class:`~monai_app.phantom.anatomy.Organ`.
        lesions: see :class:`~monai_app.phantom.anatomy.Lesion`; where two meet, the larger number.
    """

    values: np.ndarray
    organs: np.ndarray
    lesions: np.ndarray
    geometry: SeriesGeometry


def take_ct(patient: Patient, *, shape: tuple[int, int, int] = CT_SHAPE) -> Volume:
    """Scan the chest: axial slices from the shoulders down, 403 x 403 x 320 mm.

    Args:
        shape: (slices, rows, columns); tests use fewer.
    """
    slices, rows, columns = shape
    x, y, z = _axis(_FIELD_MM, columns), _axis(_FIELD_MM, rows), _TOP_MM - np.arange(slices) * _SLICE_MM * 80 / slices
    canvas = paint_patient(patient, cartesian(x, y, z))
    build = draw_build(patient)
    back = build.half_depth_mm + build.muscle_mm + build.fat_mm + 16.0
    couch = (canvas.grid.y > back) & (canvas.grid.y < back + 14.0) & (np.abs(canvas.grid.x) < 190.0)
    canvas.hu[np.broadcast_to(couch, canvas.hu.shape) & (canvas.hu < -900.0)] = _COUCH_HU
    rng = patient.generator("ct noise")
    noise = ndimage.gaussian_filter(rng.standard_normal(canvas.hu.shape, dtype=np.float32), (0.3, 0.6, 0.6))
    values = np.clip(canvas.hu + np.float32(_NOISE_HU / noise.std()) * noise, -1024.0, 3000.0)
    geometry = SeriesGeometry(
        first_position_lps_mm=(float(x[0]), float(y[0]), float(z[0])),
        row_direction=(1.0, 0.0, 0.0),
        column_direction=(0.0, 1.0, 0.0),
        slice_step_lps_mm=(0.0, 0.0, float(z[1] - z[0])),
        spacing_mm=(_FIELD_MM / rows, _FIELD_MM / columns),
    )
    axial = (0, 2, 1)
    return Volume(
        values.transpose(axial), canvas.organ.transpose(axial), lesion_labels(canvas).transpose(axial), geometry
    )


def _axis(field_mm: float, count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) * field_mm / count - field_mm / 2


def paint_patient(patient: Patient, grid: Grid) -> Canvas:
    """The whole patient lying down, on a Cartesian grid: organs, lesions, bones and vessels."""
    build, pose, findings = draw_build(patient), volume_pose(patient), draw_findings(patient)
    canvas = Canvas(grid)
    paint_thorax(canvas, build, pose)
    paint_lesions(canvas, findings, build, pose)
    paint_bones(canvas, build, pose)
    for strand in [*ribs(build, patient.generator("ribs")), *clavicles(build, pose)]:
        place = stamp(strand, grid)
        canvas.hu[place] = strand.hu
        canvas.organ[place] = Organ.BONE
    for strand in _vessels(patient, build, pose, canvas, widening=1.1 * findings.congestion):
        place = stamp(strand, grid)
        filled = min(1.0, (2.0 * strand.radius_mm / grid.edge_mm) ** 2)
        lumen = np.float32(strand.around_hu + filled * (strand.hu - strand.around_hu))
        canvas.hu[place] = np.maximum(canvas.hu[place], lumen)
    return canvas


def _vessels(patient: Patient, build: Build, pose: Pose, canvas: Canvas, *, widening: float) -> list[Strand]:
    axes = (canvas.grid.z[:, 0, 0], canvas.grid.x[0, :, 0], canvas.grid.y[0, 0, :])

    def in_lung(points: np.ndarray) -> np.ndarray:
        index = [
            np.round((points[:, column] - axis[0]) / (axis[1] - axis[0])).astype(int)
            for column, axis in zip((2, 0, 1), axes, strict=True)
        ]
        inside = np.all([(i >= 0) & (i < axis.size) for i, axis in zip(index, axes, strict=True)], axis=0)
        safe = tuple(np.where(inside, i, 0) for i in index)
        return inside & (canvas.lung[safe] > 0.3)

    in_pleura = pleural_test(build, pose, margin_mm=BRANCHING_MARGIN_MM)
    rng = patient.generator("vessels")
    return draw_vessels(build, rng, in_pleura=in_pleura, in_lung=in_lung, upper_widening=widening)


def lesion_labels(canvas: Canvas) -> np.ndarray:
    """Lesion label of every voxel, uint8."""
    labels = np.zeros(canvas.hu.shape, np.uint8)
    for lesion in sorted(canvas.lesions):
        labels[canvas.lesions[lesion] > _LESION_OCCUPANCY[lesion]] = lesion
    return labels
