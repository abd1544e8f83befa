from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monai_app.phantom.film import take_film, take_twins
from monai_app.phantom.marker import LEAD_PATH, Lead, letters, place_marker
from monai_app.phantom.patient import Patient, View


def test_l_and_r_are_not_mirror_images() -> None:
    assert not np.array_equal(letters("L", 2), letters("R", 2)[:, ::-1])


def test_a_marker_absorbs_and_stays_inside_the_picture() -> None:
    path = np.ones((60, 80), np.float32)
    place_marker(path, "R", row_px=0, column_px=79, scale=3)
    assert path.max() == 1.0 + np.float32(LEAD_PATH) and path.min() == 1.0
    assert (path[:, :50] == 1.0).all()


def test_twins_differ_at_the_letters_and_nowhere_far_from_them(patient_with: Callable[..., Patient]) -> None:
    patient = patient_with(view=View.PA)
    films = take_twins(patient, Lead, pixel_scale=3)
    assert films[Lead.OWN].pixels.tobytes() == take_film(patient, pixel_scale=3).pixels.tobytes()
    assert films[Lead.NONE].marker == ""
    own, swapped = films[Lead.OWN].marker, films[Lead.SWAPPED].marker
    assert {own, swapped.removesuffix(" PORTABLE")} == {"L", "R"} and swapped.endswith("PORTABLE")
    values = {lead: film.pixels.astype(int) for lead, film in films.items()}
    moved = np.abs(values[Lead.OWN] - values[Lead.NONE])
    rows, columns = moved.shape
    middle = moved[rows // 3 : -rows // 3, columns // 3 : -columns // 3]
    assert moved.max() > 1000 and np.median(moved) < 10 and middle.max() < 100


def test_the_twin_of_a_bedside_film_is_not_portable(patient_with: Callable[..., Patient]) -> None:
    films = take_twins(patient_with(view=View.AP), [Lead.OWN, Lead.SWAPPED], pixel_scale=3)
    assert "PORTABLE" in films[Lead.OWN].marker and "PORTABLE" not in films[Lead.SWAPPED].marker
