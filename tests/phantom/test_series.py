from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from monai_app.cohort.spec import Modality
from monai_app.phantom.channel import CHANNELS
from monai_app.phantom.corruption import Corruption, CorruptionKind
from monai_app.phantom.patient import OBSERVATION_HOURS, Patient
from monai_app.phantom.series import draw_series


def mean(patient: Patient, code: str) -> float:
    series = draw_series(patient)
    return float(np.nanmean(series.value[series.code == code]))


def test_nothing_is_measured_outside_the_window(patient_with: Callable[..., Patient]) -> None:
    hours = draw_series(patient_with()).hours
    assert hours.min() >= 0.0 and hours.max() <= OBSERVATION_HOURS


def test_the_sicker_the_denser_the_sampling(patient_with: Callable[..., Patient]) -> None:
    sick, well = (draw_series(patient_with(series_severity=value)) for value in (2.0, -2.0))
    assert sick.hours.size > 1.5 * well.hours.size


def test_each_latent_moves_its_channels(patient_with: Callable[..., Patient]) -> None:
    for channel in CHANNELS:
        for name, effect in channel.effects.items():
            high, low = patient_with(**{name: 2.5}), patient_with(**{name: -2.5})
            codes = [set(draw_series(patient).code) for patient in (high, low)]
            if channel.code in codes[0] & codes[1]:
                assert np.sign(mean(high, channel.code) - mean(low, channel.code)) == np.sign(effect)


def test_values_stay_within_what_a_device_reports(patient_with: Callable[..., Patient]) -> None:
    series = draw_series(patient_with(series_severity=4.0, series_oxygenation=4.0, series_perfusion=4.0))
    for channel in CHANNELS:
        value = series.value[(series.code == channel.code) & (series.censored == 0)]
        assert ((value >= channel.limits[0]) & (value <= channel.limits[1])).all()


def test_below_the_detection_limit_there_is_a_flag_and_no_value(patient_with: Callable[..., Patient]) -> None:
    series = draw_series(patient_with(series_perfusion=-3.0, series_inflammation=-4.0))
    below = series.censored == -1
    assert below.any() and np.isnan(series.value[below]).all() and np.isfinite(series.value[~below]).all()


def test_a_lost_segment_leaves_a_gap(patient_with: Callable[..., Patient]) -> None:
    corruption = {Modality.SERIES: Corruption(CorruptionKind.SEGMENT_LOST, 1.0)}
    hours = np.sort(draw_series(replace(patient_with(), corruptions=corruption)).hours)
    assert np.diff(np.concatenate([[0.0], hours, [OBSERVATION_HOURS]])).max() > 25.0


def test_artefacts_spread_the_vitals(patient_with: Callable[..., Patient]) -> None:
    clean = patient_with()
    noisy = replace(clean, corruptions={Modality.SERIES: Corruption(CorruptionKind.ARTEFACTS, 1.0)})
    spread = [np.std(s.value[s.code == "HR"]) for s in map(draw_series, (clean, noisy))]
    assert spread[1] > 1.5 * spread[0]
