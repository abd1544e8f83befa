"""A T1-weighted-like MR of the chest, coronal: fat bright, fluid and lung dark, a coil's shading, Rician noise."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from monai_app.dicom.write_series import SeriesGeometry
from monai_app.phantom.anatomy import AIR_HU, Canvas, Organ
from monai_app.phantom.ct import Volume, lesion_labels, paint_patient
from monai_app.phantom.grid import cartesian
from monai_app.phantom.patient import Patient

MR_SHAPE = (44, 160, 192)
"""(slices, rows, columns)."""

_WIDTH_MM, _HEIGHT_MM, _DEPTH_MM, _TOP_MM = 403.2, 336.0, 264.0, 160.0
_HU = (-1000.0, -850.0, -300.0, -95.0, -20.0, 10.0, 45.0, 60.0, 190.0, 500.0, 1000.0)
_SIGNAL = (0.0, 40.0, 300.0, 950.0, 420.0, 200.0, 360.0, 430.0, 560.0, 300.0, 60.0)
"""Signal by what the CT shows; fat, water, muscle, liver and marrow differ as under short TR and TE."""

_AIRY = (Organ.LUNG_LEFT, Organ.LUNG_RIGHT, Organ.AIRWAY, Organ.STOMACH_GAS)
_BLOOD_SIGNAL = 240.0
_NOISE = 16.0


def take_mr(patient: Patient, *, shape: tuple[int, int, int] = MR_SHAPE) -> Volume:
    """Scan the chest: coronal slices from front to back, 403 x 336 x 264 mm.

    Args:
        shape: (slices, rows, columns); tests use fewer.
    """
    slices, rows, columns = shape
    x = (np.arange(columns) + 0.5) * _WIDTH_MM / columns - _WIDTH_MM / 2
    y = (np.arange(slices) + 0.5) * _DEPTH_MM / slices - _DEPTH_MM / 2
    z = _TOP_MM - (np.arange(rows) + 0.5) * _HEIGHT_MM / rows
    canvas = paint_patient(patient, cartesian(x, y, z))
    signal = ndimage.gaussian_filter(_tissue_signal(canvas) * _coil(canvas), (0.5, 0.5, 0.3))
    rng = patient.generator("mr noise")
    real, imaginary = rng.standard_normal((2, *signal.shape), dtype=np.float32) * np.float32(_NOISE)
    values = np.minimum(np.hypot(signal + real, imaginary), 4000.0)
    geometry = SeriesGeometry(
        first_position_lps_mm=(float(x[0]), float(y[0]), float(z[0])),
        row_direction=(1.0, 0.0, 0.0),
        column_direction=(0.0, 0.0, -1.0),
        slice_step_lps_mm=(0.0, float(y[1] - y[0]), 0.0),
        spacing_mm=(_HEIGHT_MM / rows, _WIDTH_MM / columns),
    )
    coronal = (2, 0, 1)
    return Volume(
        values.transpose(coronal), canvas.organ.transpose(coronal), lesion_labels(canvas).transpose(coronal), geometry
    )


def _tissue_signal(canvas: Canvas) -> np.ndarray:
    signal = np.interp(canvas.hu, _HU, _SIGNAL).astype(np.float32)
    blood = (canvas.organ == Organ.HEART) | (canvas.organ == Organ.GREAT_VESSELS)
    signal[blood & (canvas.hu > 0.0)] = _BLOOD_SIGNAL
    # In and beside air, HU between air and water mean a mixture of the two, not fat.
    airy = np.isin(canvas.organ, _AIRY)
    near = ndimage.maximum_filter(airy, size=3)
    water = np.clip((canvas.hu - AIR_HU) / 1040.0, 0.0, 1.0)
    return np.where(near & (canvas.hu < 60.0), 360.0 * water**1.5, signal)


def _coil(canvas: Canvas) -> np.ndarray:
    """Smooth shading of a surface coil: brighter in front and in the middle."""
    shade = 1.15 - 0.0014 * canvas.grid.y - (canvas.grid.x / 420.0) ** 2 - (canvas.grid.z / 520.0) ** 2
    return shade.astype(np.float32)
