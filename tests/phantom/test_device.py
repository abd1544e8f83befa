from __future__ import annotations

from collections.abc import Callable

from monai_app.phantom.build import draw_build
from monai_app.phantom.device import draw_devices
from monai_app.phantom.patient import Patient, View


def test_standing_patients_carry_no_tubes(patient_with: Callable[..., Patient]) -> None:
    patient = patient_with(view=View.PA, series_severity=3.0)
    assert draw_devices(patient, draw_build(patient)) == []


def test_the_sickest_carry_more_than_the_well(patient_with: Callable[..., Patient]) -> None:
    sick, well = (patient_with(view=View.AP, series_severity=value) for value in (6.0, -6.0))
    assert len(draw_devices(sick, draw_build(sick))) > len(draw_devices(well, draw_build(well)))
