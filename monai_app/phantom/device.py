"""Tubes, lines and electrodes of patients filmed at the bedside."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from monai_app.phantom.build import Build
from monai_app.phantom.patient import Patient, View
from monai_app.phantom.strand import Strand, arc_lengths, smooth_curve

_PLASTIC_HU, _METAL_HU = 900.0, 9000.0
_STEP_MM = 0.7


def draw_devices(patient: Patient, build: Build) -> list[Strand]:
    """Electrodes for most bedside films; tracheal tube, central line and gastric tube with rising severity.

    A shortcut on purpose (see ``information.SHORTCUTS``): what is on the film tells how sick the patient was.
    """
    if patient.view is View.PA:
        return []
    rng = patient.generator("devices")
    severity = patient.latent("series_severity")
    chance = {"electrodes": 0.85, "central": expit(severity - 0.3), "tracheal": expit(1.4 * severity - 2.0)}
    there = {name: bool(rng.random() < probability) for name, probability in chance.items()}
    strands = []
    if there["electrodes"]:
        strands += _electrodes(build, rng)
    if there["central"]:
        corners = [(-52.0, -30.0, 190.0), (-44.0, -28.0, 150.0), (-30.0, -22.0, 110.0), (-24.0, -14.0, 70.0)]
        strands.append(_line([*corners, (-25.0, -12.0, 20.0)], 1.0, _PLASTIC_HU, rng))
    if there["tracheal"]:
        strands.append(
            _line([(3.0, -5.0, 230.0), (2.0, 8.0, 170.0), (1.0, 12.0, 120.0), (0.0, 15.0, 85.0)], 3.4, -200.0, rng)
        )
        strands.append(
            _line([(6.0, -5.0, 230.0), (5.0, 8.0, 170.0), (4.0, 12.0, 120.0), (3.0, 15.0, 85.0)], 0.6, 3000.0, rng)
        )
        gastric = [
            (-3.0, 20.0, 230.0),
            (-2.0, 32.0, 120.0),
            (2.0, 40.0, 20.0),
            (10.0, 20.0, -80.0),
            (55.0, -10.0, -130.0),
        ]
        strands.append(_line(gastric, 1.2, _PLASTIC_HU, rng))
    return strands


def _line(corners: list[tuple[float, float, float]], radius_mm: float, hu: float, rng: np.random.Generator) -> Strand:
    moved = np.array(corners) + rng.normal(0.0, 2.0, (len(corners), 3))
    points = smooth_curve([(x, y, z) for x, y, z in moved], _STEP_MM)
    return Strand(points, arc_lengths(points), radius_mm, hu, 0.0 if hu > 0.0 else -990.0)


def _electrodes(build: Build, rng: np.random.Generator) -> list[Strand]:
    """Three electrodes on the skin, each with a wire that leaves the picture below or aside."""
    front = -build.half_depth_mm - build.muscle_mm - build.fat_mm - 4.0
    strands = []
    for x, z, end_x in ((-98.0, 78.0, -140.0), (102.0, 84.0, 60.0), (88.0, -78.0, 30.0)):
        place = np.array([x, 0.75 * front, z]) + rng.normal(0.0, [9.0, 2.0, 9.0])
        ring = np.linspace(0.0, 2.0 * np.pi, 24)
        disc = place + 3.6 * np.stack([np.cos(ring), 0 * ring, np.sin(ring)], -1)
        strands.append(Strand(disc, arc_lengths(disc), 1.6, 4000.0, -1000.0))
        stud = place + np.linspace(0.0, 4.0, 6)[:, None] * np.array([0.0, -1.0, 0.0])
        strands.append(Strand(stud, arc_lengths(stud), 1.6, 4000.0, -1000.0))
        middle = place + np.array([rng.normal(0.0, 14.0), -6.0, -0.45 * (z + 190.0)])
        strands.append(
            _line([tuple(place), tuple(middle), (end_x + rng.normal(0.0, 25.0), 0.8 * front, -210.0)], 0.7, 4000.0, rng)
        )
    return strands
