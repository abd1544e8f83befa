from __future__ import annotations

import numpy as np

from monai_app.cohort.spec import Modality
from monai_app.phantom.information import INDEX
from monai_app.phantom.patient import View, age_from_latent, draw_patient, presence_probabilities
from monai_app.phantom.site import SITES

PATIENTS = [draw_patient(0, number) for number in range(1500)]


def test_a_patient_follows_from_seed_and_number_alone() -> None:
    again, other = draw_patient(0, 7), draw_patient(1, 7)
    assert np.array_equal(again.latents, PATIENTS[7].latents) and again.admission == PATIENTS[7].admission
    assert not np.array_equal(other.latents, again.latents)


def test_purposes_draw_independently() -> None:
    first, second = (PATIENTS[0].generator(purpose).random() for purpose in ("film", "note"))
    assert first != second == PATIENTS[0].generator("note").random()


def test_the_sicker_the_more_likely_is_a_film_and_at_the_bedside() -> None:
    severity = np.array([patient.latents[INDEX["series_severity"]] for patient in PATIENTS])
    film = np.array([Modality.FILM in patient.present for patient in PATIENTS])
    bedside = np.array([patient.view is View.AP for patient in PATIENTS])
    assert film[severity > 1].mean() > film[severity < -1].mean() + 0.2
    assert bedside[severity > 1].mean() > bedside[severity < -1].mean() + 0.3


def test_notes_are_missing_by_site() -> None:
    share = {
        name: np.mean([Modality.NOTE in patient.present for patient in PATIENTS if patient.site.name == name])
        for name in SITES
    }
    assert share["A"] > share["B"] > share["C"]
    assert presence_probabilities(0.0, SITES["D"])[Modality.NOTE] == SITES["D"].note_share


def test_age_grows_with_its_latent_within_adult_life() -> None:
    ages = [age_from_latent(value) for value in np.linspace(-4, 4, 50)]
    assert ages == sorted(ages) and ages[0] >= 18 and ages[-1] <= 97
