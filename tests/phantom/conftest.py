"""Patients for the tests of the phantom room: chosen by what they have, drawn like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from monai_app.phantom.information import INDEX
from monai_app.phantom.patient import Patient, View, draw_patient


@pytest.fixture
def patient_with() -> Callable[..., Patient]:
    """``patient_with(film_nodule=2.0, view=View.PA)``: patient 0 with latents and attributes replaced."""

    def make(*, view: View = View.PA, sex: str = "M", **latents: float) -> Patient:
        base = draw_patient(0, 0)
        values = np.zeros_like(base.latents)
        for name, value in latents.items():
            values[INDEX[name]] = value
        return replace(base, latents=values, view=view, sex=sex, corruptions={})

    return make
