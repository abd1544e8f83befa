"""The size and shape of a patient's thorax, and how it is held while an image is taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from monai_app.phantom.patient import Patient, View


class Arms(Enum):
    """Where the arms are."""

    DOWN = "down"
    ABDUCTED = "abducted"
    OVERHEAD = "overhead"


@dataclass(frozen=True)
class Build:
    """Shape of one thorax in mm, the same in every image of the patient.

    Attributes:
        half_width_mm: inner half width of the rib cage at its widest.
        half_depth_mm: inner half depth there.
        stretch: factor on heights.
        fat_mm: thickness of the fat under the skin.
        muscle_mm: thickness of the chest wall inside the fat.
        breast_mm: radius of the breasts (0: none).
        heart_scale: linear factor on the heart.
        kyphosis_mm: how far the upper spine leans forward.
        dome_difference_mm: right dome above left.
        heart_shift_mm: heart's centre to the left of its usual place.
        bubble_mm: half width of the gas in the stomach (below 8: none).
    """

    half_width_mm: float
    half_depth_mm: float
    stretch: float
    fat_mm: float
    muscle_mm: float
    breast_mm: float
    heart_scale: float
    kyphosis_mm: float
    dome_difference_mm: float
    heart_shift_mm: float
    bubble_mm: float


@dataclass(frozen=True)
class Pose:
    """How the patient is held.

    Attributes:
        dome_z_mm: height of the right dome; higher is less inspiration.
        lordosis: tilt, mm of height per mm of depth (upright against the plate 0, half sitting > 0).
        supine: fluid layers behind the lung instead of sinking to its base.
        heart_spread: factor on the heart's width when lying down.
        lung_hu: density of the lung.
    """

    dome_z_mm: float
    lordosis: float
    supine: bool
    heart_spread: float
    lung_hu: float
    arms: Arms


def draw_build(patient: Patient) -> Build:
    """The thorax of a patient; the heart's size shows the latent ``film_heart``."""
    rng = patient.generator("build")
    woman = patient.sex == "F"
    stretch = (patient.height_cm / 172.0) ** 0.8
    return Build(
        half_width_mm=(126.0 if woman else 139.0) * stretch**0.5 * float(rng.normal(1.0, 0.03)),
        half_depth_mm=(88.0 if woman else 97.0) * float(rng.normal(1.0, 0.04)),
        stretch=stretch * (0.97 if woman else 1.02),
        fat_mm=float(np.clip(7.0 + 2.1 * (patient.bmi - 21.0) + rng.normal(0.0, 2.0), 4.0, 48.0)),
        muscle_mm=(10.0 if woman else 14.0) * float(rng.normal(1.0, 0.1)),
        breast_mm=float(np.clip(48.0 + 2.2 * (patient.bmi - 25.0) + rng.normal(0.0, 6.0), 30.0, 85.0))
        if woman
        else 0.0,
        heart_scale=float(np.clip(1.0 + 0.105 * patient.latent("film_heart"), 0.76, 1.36)),
        kyphosis_mm=float(np.clip(rng.normal(8.0, 4.0), 0.0, 20.0)),
        dome_difference_mm=float(rng.normal(14.0, 3.0)),
        heart_shift_mm=float(rng.normal(0.0, 3.0)),
        bubble_mm=float(np.clip(rng.normal(18.0, 7.0), 0.0, 34.0)),
    )


def film_pose(patient: Patient) -> Pose:
    """The pose for the film: standing with a full breath (PA), or half sitting with a shallow one (AP)."""
    rng = patient.generator("pose")
    if patient.view is View.PA:
        return Pose(float(rng.normal(-76.0, 7.0)), float(rng.normal(0.0, 0.02)), False, 1.0, -865.0, Arms.ABDUCTED)
    supine = bool(rng.random() < 0.6)
    return Pose(float(rng.normal(-50.0, 9.0)), float(rng.normal(0.10, 0.06)), supine, 1.06, -800.0, Arms.DOWN)


def volume_pose(patient: Patient) -> Pose:
    """The pose for CT and MR: lying on the back, full breath, arms overhead."""
    rng = patient.generator("volume pose")
    return Pose(float(rng.normal(-68.0, 6.0)), 0.0, True, 1.03, -850.0, Arms.OVERHEAD)
