"""The X-ray beam: a point source, a flat detector, and Beer-Lambert attenuation along each ray.

Shapes are evaluated directly at points along the rays (a grid that narrows towards the source), so that a line
integral is a plain sum and magnification needs no resampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_app.phantom.grid import Grid
from monai_app.phantom.patient import View

WATER_PER_MM = 0.0195
"""Linear attenuation of water (1/mm) at the effective energy behind a chest at 120 kVp, about 70 keV (NIST XCOM)."""

SOURCE_TO_DETECTOR_MM = {View.PA: 1800.0, View.AP: 1100.0}


@dataclass(frozen=True)
class Beam:
    """Geometry of one exposure.

    Attributes:
        detector_y_mm: position of the detector plane; the source lies ``source_mm`` from it, across the patient.
        centre_z_mm: height of the central ray.
        width_mm: of the detector.
        height_mm: of the detector.
    """

    view: View
    detector_y_mm: float
    centre_z_mm: float
    width_mm: float
    height_mm: float

    @property
    def source_mm(self) -> float:
        """Distance from source to detector."""
        return SOURCE_TO_DETECTOR_MM[self.view]

    def shrink(self, y_mm: np.ndarray) -> np.ndarray:
        """Size of an object at depth y over the size of its shadow."""
        return 1.0 - np.abs(y_mm - self.detector_y_mm) / self.source_mm

    def rays(self, pixel_mm: float, depth_mm: np.ndarray, lordosis: float) -> Grid:
        """The points at depths ``depth_mm`` on the rays through the centres of square pixels.

        Args:
            pixel_mm: pixel size on the detector.
            depth_mm: (D,) y positions in mm.
            lordosis: tilt of the patient, mm of height per mm of depth.
        """
        columns, rows = round(self.width_mm / pixel_mm), round(self.height_mm / pixel_mm)
        u = ((np.arange(columns) + 0.5) * pixel_mm - self.width_mm / 2).astype(np.float32)
        v = (self.height_mm / 2 - (np.arange(rows) + 0.5) * pixel_mm).astype(np.float32)
        y = depth_mm.astype(np.float32)
        shrink = self.shrink(y).astype(np.float32)
        x = u[None, :, None] * shrink
        z = v[:, None, None] * shrink + np.float32(self.centre_z_mm) - np.float32(lordosis) * y
        return Grid(x, y[None, None, :], z, 1.4 * pixel_mm)

    def shadow(self, points_mm: np.ndarray, lordosis: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where points (P, 3) fall on the detector: u to the patient's left, v to the head (mm), and their shrink."""
        shrink = self.shrink(points_mm[:, 1])
        height = points_mm[:, 2] + lordosis * points_mm[:, 1] - self.centre_z_mm
        return points_mm[:, 0] / shrink, height / shrink, shrink

    def obliquity(self, pixel_mm: float) -> np.ndarray:
        """Length of each ray per mm of depth (rows, columns): 1 at the centre, more aside."""
        columns, rows = round(self.width_mm / pixel_mm), round(self.height_mm / pixel_mm)
        u = (np.arange(columns) + 0.5) * pixel_mm - self.width_mm / 2
        v = (np.arange(rows) + 0.5) * pixel_mm - self.height_mm / 2
        return np.sqrt(1.0 + (u[None, :] ** 2 + v[:, None] ** 2) / self.source_mm**2).astype(np.float32)


def attenuation_per_mm(hu: np.ndarray) -> np.ndarray:
    """Linear attenuation (1/mm) from HU by their definition; photoelectric absorption makes bone denser than that."""
    water = np.maximum(1.0 + hu / 1000.0, 0.0)
    return WATER_PER_MM * (water + 0.5 * np.maximum(hu - 120.0, 0.0) / 1000.0)


def line_integral(hu: np.ndarray, depth_step_mm: float, obliquity: np.ndarray) -> np.ndarray:
    """Integral of the attenuation along each ray, from HU (rows, columns, depth)."""
    return attenuation_per_mm(hu).sum(axis=2) * np.float32(depth_step_mm) * obliquity


def transmission(path: np.ndarray) -> np.ndarray:
    """Beer-Lambert: the part of the radiation that arrives, exp(-integral of mu)."""
    return np.exp(-path)
