from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from monai_app.cohort.spec import Modality
from monai_app.phantom.corruption import Corruption, CorruptionKind
from monai_app.phantom.film import (
    HEART_BIT,
    LUNG_LEFT_BIT,
    LUNG_RIGHT_BIT,
    Film,
    expose,
    invert,
    take_film,
    tone,
)
from monai_app.phantom.patient import Patient, View
from monai_app.phantom.site import SITES

HEALTHY = {"film_consolidation": -3.0, "film_effusion": -3.0, "film_nodule": -3.0, "film_pneumothorax": -3.0}


def shown(film: Film) -> np.ndarray:
    """Bright for dense, in [0, 1]."""
    return (invert(film.pixels) if film.monochrome1 else film.pixels) / 4095.0


def at_site(patient: Patient, monochrome1_share: float) -> Patient:
    scanner = replace(SITES["A"].scanner, monochrome1_share=monochrome1_share)
    return replace(patient, site=replace(SITES["A"], scanner=scanner))


def take(patient: Patient) -> Film:
    return take_film(patient, pixel_scale=3)


def test_the_same_patient_gives_the_same_bytes(patient_with: Callable[..., Patient]) -> None:
    first, second = take(patient_with()), take(patient_with())
    assert first.pixels.tobytes() == second.pixels.tobytes() and first.mask.tobytes() == second.mask.tobytes()


def test_a_monochrome1_twin_holds_the_inverse_values(patient_with: Callable[..., Patient]) -> None:
    two, one = take(at_site(patient_with(), 0.0)), take(at_site(patient_with(), 1.0))
    assert one.monochrome1 and not two.monochrome1
    assert np.array_equal(one.pixels, 4095 - two.pixels)


@pytest.mark.parametrize("view", list(View))
def test_lungs_are_dark_the_heart_is_bright_and_on_the_right_of_the_picture(view, patient_with) -> None:
    film = take(patient_with(view=view, **HEALTHY))
    picture = shown(film)
    lungs, heart = (film.mask & (LUNG_LEFT_BIT | LUNG_RIGHT_BIT)) > 0, (film.mask & HEART_BIT) > 0
    assert picture[lungs & ~heart].mean() < picture[heart].mean() - 0.2 < picture[-20:, 60:-60].mean()
    middle = (np.nonzero(film.mask & LUNG_RIGHT_BIT)[1].max() + np.nonzero(film.mask & LUNG_LEFT_BIT)[1].min()) / 2
    assert np.nonzero(heart)[1].mean() > middle
    assert np.nonzero(film.mask & LUNG_LEFT_BIT)[1].mean() > np.nonzero(film.mask & LUNG_RIGHT_BIT)[1].mean()


def test_bedside_films_are_landscape_marked_and_show_a_larger_heart(patient_with) -> None:
    standing, bedside = (take(patient_with(view=view, **HEALTHY)) for view in (View.PA, View.AP))
    assert standing.pixels.shape[0] > standing.pixels.shape[1] and bedside.pixels.shape[0] < bedside.pixels.shape[1]
    assert "PORTABLE" in bedside.marker and "PORTABLE" not in standing.marker
    assert heart_to_chest(bedside) > heart_to_chest(standing)


def heart_to_chest(film: Film) -> float:
    """Cardiothoracic ratio."""
    heart = np.ptp(np.nonzero((film.mask & HEART_BIT).any(axis=0))[0])
    lungs = np.ptp(np.nonzero((film.mask & (LUNG_LEFT_BIT | LUNG_RIGHT_BIT)).any(axis=0))[0])
    return float(heart / lungs)


def test_cardiothoracic_ratios_are_human(patient_with: Callable[..., Patient]) -> None:
    ratios = [heart_to_chest(take(patient_with(film_heart=value, **HEALTHY))) for value in (-1.5, 0.0, 2.5)]
    assert 0.33 < ratios[0] < ratios[1] < 0.5 < ratios[2] < 0.68


def test_a_finding_brightens_its_mask_against_the_healthy_twin(patient_with: Callable[..., Patient]) -> None:
    healthy = shown(take(patient_with(**HEALTHY)))
    for bit, name in ((0, "film_consolidation"), (2, "film_effusion"), (3, "film_nodule")):
        film = take(patient_with(**(HEALTHY | {name: 2.5})))
        inside = (film.mask >> bit & 1) > 0
        assert inside.any()
        change = shown(film) - healthy
        assert change[inside].mean() > change[~inside].mean() + 0.05
    air = take(patient_with(**(HEALTHY | {"film_pneumothorax": 3.0})))
    inside = (air.mask >> 4 & 1) > 0
    assert inside.any() and (shown(air) - healthy)[inside].mean() < 0


def test_noise_has_the_variance_of_counts() -> None:
    counts = np.full((400, 400), 900.0, np.float32)
    noisy = expose(counts, np.random.default_rng(0))
    assert noisy.mean() == pytest.approx(900.0, rel=2e-3) and noisy.var() == pytest.approx(900.0, rel=0.03)


def test_tone_keeps_the_order_of_broad_densities() -> None:
    ramp = np.repeat(np.linspace(0.5, 4.5, 160)[None], 160, axis=0).astype(np.float32)
    picture = tone(ramp, contrast=1.0, sharpening=0.0, pixel_mm=2.4)
    assert (np.diff(picture[80, 8:-8]) > -1e-4).all() and 0.0 <= picture.min() < 0.2 < 0.8 < picture.max() <= 1.0


@pytest.mark.parametrize("kind", [CorruptionKind.UNDEREXPOSED, CorruptionKind.MOTION, CorruptionKind.CLIPPED])
def test_a_degraded_film_differs_from_its_clean_twin(kind, patient_with) -> None:
    quiet = replace(SITES["A"].scanner, photons=1e6)
    clean = replace(patient_with(**HEALTHY), site=replace(SITES["A"], scanner=quiet))
    bad = replace(clean, corruptions={Modality.FILM: Corruption(kind, 1.0)})
    fine = [np.abs(np.diff(shown(take(patient)), axis=0)).mean() for patient in (clean, bad)]
    assert fine[1] < 0.9 * fine[0] if kind is CorruptionKind.MOTION else fine[1] > 1.05 * fine[0]
