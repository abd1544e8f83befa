from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monai_app.phantom.anatomy import Organ
from monai_app.phantom.mr import take_mr
from monai_app.phantom.patient import Patient

SHAPE = (16, 48, 64)


def test_contrast_is_that_of_t1(patient_with: Callable[..., Patient]) -> None:
    mr = take_mr(patient_with(film_consolidation=-3.0, film_effusion=-3.0), shape=SHAPE)
    median = {organ: np.median(mr.values[mr.organs == organ]) for organ in Organ}
    fat = np.percentile(mr.values[mr.organs == Organ.SOFT_TISSUE], 95)
    assert fat > median[Organ.LIVER] > median[Organ.HEART] > median[Organ.LUNG_LEFT] > 0
    assert mr.values.min() >= 0.0 and mr.values.max() <= 4000.0


def test_coronal_slices_run_from_front_to_back(patient_with: Callable[..., Patient]) -> None:
    mr = take_mr(patient_with(), shape=SHAPE)
    slice_of = {organ: np.nonzero(mr.organs == organ)[0].mean() for organ in (Organ.HEART, Organ.BONE)}
    assert slice_of[Organ.HEART] < slice_of[Organ.BONE] and mr.geometry.slice_step_lps_mm[1] > 0
    assert np.nonzero(mr.organs == Organ.LIVER)[1].mean() > np.nonzero(mr.organs == Organ.GREAT_VESSELS)[1].mean()
