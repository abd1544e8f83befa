from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monai_app.phantom.anatomy import Lesion, Organ
from monai_app.phantom.ct import take_ct
from monai_app.phantom.patient import Patient

SHAPE = (20, 64, 64)


def test_hu_are_those_of_tissues(patient_with: Callable[..., Patient]) -> None:
    ct = take_ct(patient_with(film_consolidation=-3.0, film_effusion=-3.0), shape=SHAPE)
    lung, heart = ct.organs == Organ.LUNG_LEFT, ct.organs == Organ.HEART
    assert -900 < np.median(ct.values[lung]) < -750 and 30 < np.median(ct.values[heart]) < 60
    assert ct.values[ct.organs == Organ.BONE].mean() > 150 and ct.values.min() >= -1024


def test_slices_run_from_head_to_foot_and_columns_to_the_left(patient_with: Callable[..., Patient]) -> None:
    ct = take_ct(patient_with(), shape=SHAPE)
    slice_of = {organ: np.nonzero(ct.organs == organ)[0].mean() for organ in (Organ.GREAT_VESSELS, Organ.LIVER)}
    assert slice_of[Organ.GREAT_VESSELS] < slice_of[Organ.LIVER] and ct.geometry.slice_step_lps_mm[2] < 0
    assert np.nonzero(ct.organs == Organ.LUNG_LEFT)[2].mean() > 32 > np.nonzero(ct.organs == Organ.LUNG_RIGHT)[2].mean()
    assert np.nonzero(ct.organs == Organ.HEART)[1].mean() < 32


def test_lesions_are_labelled_where_they_are(patient_with: Callable[..., Patient]) -> None:
    ct = take_ct(patient_with(film_effusion=2.5, film_consolidation=-3.0, film_nodule=-3.0), shape=SHAPE)
    fluid = ct.lesions == Lesion.EFFUSION
    assert fluid.any() and -60 < np.median(ct.values[fluid]) < 60


def test_the_same_patient_gives_the_same_scan(patient_with: Callable[..., Patient]) -> None:
    first, second = (take_ct(patient_with(), shape=SHAPE) for _ in range(2))
    assert first.values.tobytes() == second.values.tobytes() and first.organs.tobytes() == second.organs.tobytes()
