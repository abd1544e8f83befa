from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from monai_app.cohort.spec import Modality
from monai_app.phantom.film import take_film
from monai_app.phantom.information import LATENTS
from monai_app.phantom.note import draw_note
from monai_app.phantom.note_text import SYMPTOMS
from monai_app.phantom.patient import Patient, draw_patient
from monai_app.phantom.rendering import FIELDS, FINDINGS, channels_of, known_words, words, words_of
from monai_app.phantom.series import draw_series
from monai_app.phantom.table import DESCRIPTIONS, draw_table


def _of(modality: Modality) -> list[str]:
    return [latent.name for latent in LATENTS if latent.modality is modality]


def test_every_latent_is_shown_somewhere() -> None:
    assert list(FIELDS) == _of(Modality.TABLE)
    assert list(FINDINGS) == _of(Modality.FILM)
    assert all(channels_of(name) for name in _of(Modality.SERIES))
    assert all(words_of(name) for name in _of(Modality.NOTE))
    assert not any(channels_of(name) for name in _of(Modality.FILM))


@pytest.mark.parametrize("latent", [name for name in FIELDS if name != "table_age"])
def test_a_table_latent_moves_its_fields_and_no_other(patient_with: Callable[..., Patient], latent: str) -> None:
    low, high = draw_table(patient_with(**{latent: -3.0})), draw_table(patient_with(**{latent: 3.0}))
    moved = {code for code in DESCRIPTIONS if low.get(code) != high.get(code)}
    assert moved <= set(FIELDS[latent])
    assert moved


@pytest.mark.parametrize("latent", ["series_inflammation", "series_renal", "series_perfusion"])
def test_a_series_latent_moves_its_channels_and_no_other(patient_with: Callable[..., Patient], latent: str) -> None:
    means = []
    for value in (-3.0, 3.0):
        series = draw_series(patient_with(**{latent: value}))
        means.append({code: np.nanmean(series.value[series.code == code]) for code in np.unique(series.code)})
    shift = {code: abs(means[1][code] - means[0][code]) / abs(means[0][code]) for code in means[0] if code in means[1]}
    strongest = max(shift, key=lambda code: shift[code])
    assert strongest in channels_of(latent)


@pytest.mark.parametrize("latent", list(SYMPTOMS))
def test_notes_tell_a_symptom_in_its_words_and_no_other(patient_with: Callable[..., Patient], latent: str) -> None:
    quiet = {name: -3.0 for name in SYMPTOMS}
    told = set(words(draw_note(patient_with(**quiet | {latent: 3.0})).text)) & known_words()
    assert told & words_of(latent)


def test_words_belong_to_one_symptom() -> None:
    for one in SYMPTOMS:
        assert not any(words_of(one) & words_of(other) for other in SYMPTOMS if other != one)


def test_untypoed_notes_hold_known_words_only() -> None:
    notes = [draw_note(draw_patient(3, number)).text for number in range(40)]
    known = [word in known_words() for note in notes for word in words(note)]
    assert np.mean(known) > 0.9  # the rest are slips


def test_a_finding_is_a_region_of_the_mask(patient_with: Callable[..., Patient]) -> None:
    assert take_film(patient_with(film_effusion=2.5), pixel_scale=6).mask.any()
