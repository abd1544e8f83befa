from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from monai_app.phantom.anatomy import Canvas, Lesion, Organ, paint_thorax
from monai_app.phantom.build import draw_build, film_pose, volume_pose
from monai_app.phantom.grid import cartesian
from monai_app.phantom.lesion import draw_findings, paint_lesions
from monai_app.phantom.patient import Patient

GRID = cartesian(np.arange(-180.0, 181.0, 6.0), np.arange(-120.0, 121.0, 6.0), np.arange(150.0, -171.0, -6.0))
LATENT = {
    Lesion.CONSOLIDATION: "film_consolidation",
    Lesion.CONGESTION: "film_congestion",
    Lesion.EFFUSION: "film_effusion",
    Lesion.NODULE: "film_nodule",
    Lesion.PNEUMOTHORAX: "film_pneumothorax",
}
NONE = dict.fromkeys(LATENT.values(), -3.0)


def canvases(patient: Patient, *, lying: bool) -> tuple[Canvas, Canvas]:
    """The thorax without and with its lesions."""
    build, pose = draw_build(patient), volume_pose(patient) if lying else film_pose(patient)
    healthy, ill = Canvas(GRID), Canvas(GRID)
    for canvas in (healthy, ill):
        paint_thorax(canvas, build, pose)
    paint_lesions(ill, draw_findings(patient), build, pose)
    return healthy, ill


@pytest.mark.parametrize("lesion", list(Lesion))
@pytest.mark.parametrize("lying", [True, False])
def test_a_lesion_changes_hu_where_its_mask_is_and_nowhere_else(lesion, lying, patient_with) -> None:
    healthy, ill = canvases(patient_with(**(NONE | {LATENT[lesion]: 2.5})), lying=lying)
    mask, change = ill.lesions[lesion], np.abs(ill.hu - healthy.hu)
    assert set(ill.lesions) == {lesion}
    assert mask.max() > 0.3
    assert change[mask > 0.3].mean() > 5 * change[mask == 0.0].mean()
    assert (np.isin(healthy.organ[mask > 0.3], [Organ.LUNG_LEFT, Organ.LUNG_RIGHT])).mean() > 0.8


@pytest.mark.parametrize("lesion", list(Lesion))
def test_a_lesion_grows_with_its_latent(lesion, patient_with) -> None:
    sizes = []
    for value in (1.0, 1.6, 2.4):
        _, ill = canvases(patient_with(**(NONE | {LATENT[lesion]: value})), lying=True)
        sizes.append(ill.lesions[lesion].sum())
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]


def test_low_latents_leave_the_lungs_alone(patient_with: Callable[..., Patient]) -> None:
    healthy, ill = canvases(patient_with(**NONE), lying=True)
    assert ill.lesions == {} and np.array_equal(healthy.hu, ill.hu)


def test_fluid_sinks_to_the_base_when_upright_and_to_the_back_when_lying(patient_with) -> None:
    patient = patient_with(**(NONE | {"film_effusion": 2.5}))
    centres = []
    for lying in (False, True):
        _, ill = canvases(patient, lying=lying)
        row, _, depth = (index.mean() for index in np.nonzero(ill.lesions[Lesion.EFFUSION] > 0.5))
        centres.append((row, depth))
    assert centres[0][0] > centres[1][0] and centres[1][1] > centres[0][1]


def test_consolidated_lung_and_free_air_hold_no_vessels(patient_with: Callable[..., Patient]) -> None:
    _, ill = canvases(patient_with(**(NONE | {"film_pneumothorax": 3.0})), lying=True)
    assert ill.lung[ill.lesions[Lesion.PNEUMOTHORAX] > 0.95].max() < 0.1
