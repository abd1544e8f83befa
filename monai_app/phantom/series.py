"""Vitals and laboratory values of one patient as irregular events over the observation window.

The sicker, the denser the sampling, and the likelier a test is ordered at all (missing not at random).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from scipy.special import expit, logit

from monai_app.cohort.spec import Modality
from monai_app.phantom.channel import CHANNELS, VITALS, ChannelModel
from monai_app.phantom.corruption import Corruption, CorruptionKind, severity_of
from monai_app.phantom.patient import OBSERVATION_HOURS, Patient

_WANDER_MEMORY = 0.85
"""Correlation of the slow wander from one hour to the next."""

_CIRCADIAN_PEAK_HOUR = 17.0
_HOURS = np.arange(int(OBSERVATION_HOURS) + 1)


@dataclass(frozen=True)
class Measurements:
    """Events of one patient: aligned arrays (E,).

    Attributes:
        hours: since admission, within [0, 48].
        code: event codes.
        value: NaN where only a detection limit is known.
        censored: -1 below the detection limit, 0 measured.
    """

    hours: np.ndarray
    code: np.ndarray
    value: np.ndarray
    censored: np.ndarray


def draw_series(patient: Patient) -> Measurements:
    """All measurements of a patient's window, in the order of the channels."""
    rng = patient.generator("series")
    corruption = patient.corruptions.get(Modality.SERIES)
    lost = _lost_window(rng, corruption)
    parts = [_measure(channel, patient, rng, corruption) for channel in CHANNELS]
    hours = np.concatenate([part[0] for part in parts])
    code = np.concatenate([np.full(part[0].shape, channel.code) for channel, part in zip(CHANNELS, parts, strict=True)])
    value = np.concatenate([part[1] for part in parts])
    censored = np.concatenate([part[2] for part in parts])
    kept = ~((hours >= lost[0]) & (hours < lost[1]))
    return Measurements(hours[kept], code[kept], value[kept], censored[kept])


def _lost_window(rng: np.random.Generator, corruption: Corruption | None) -> tuple[float, float]:
    """The hours without any record: up to 30 of the 48 where a segment is lost."""
    length = 30.0 * severity_of(corruption, CorruptionKind.SEGMENT_LOST)
    start = float(rng.uniform(0.0, OBSERVATION_HOURS - length))
    return start, start + length


def _measure(
    channel: ChannelModel, patient: Patient, rng: np.random.Generator, corruption: Corruption | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hours, values and censoring of one channel; nothing when the test was never ordered."""
    severity = patient.latent("series_severity")
    own = sum(np.sign(effect) * patient.latent(name) for name, effect in channel.effects.items())
    ordered = channel.ordered >= 1.0 or rng.random() < expit(logit(channel.ordered) + 0.35 * abs(own) * np.sign(own))
    rate = channel.per_day * OBSERVATION_HOURS / 24.0 * (0.5 + expit(0.8 * severity))
    count = max(int(rng.poisson(rate)), 1) if ordered else 0
    # Whole minutes: the resolution of a chart.
    hours = np.sort(np.floor(rng.uniform(0.0, OBSERVATION_HOURS, count) * 60.0) / 60.0)
    exact = _trajectory(channel, patient, rng, hours)
    artefacts = severity_of(corruption, CorruptionKind.ARTEFACTS) if channel in VITALS else 0.0
    if artefacts:
        hit = rng.random(count) < 0.5 * artefacts
        exact = np.where(hit, exact * rng.uniform(0.5, 1.5, count), exact)
    value = np.round(np.clip(exact, *channel.limits), channel.decimals)
    if channel.detection_limit is None:
        return hours, value, np.zeros(count, np.int8)
    below = value < channel.detection_limit
    return hours, np.where(below, np.nan, value), np.where(below, -1, 0).astype(np.int8)


def _trajectory(channel: ChannelModel, patient: Patient, rng: np.random.Generator, hours: np.ndarray) -> np.ndarray:
    """The value at each hour before rounding and limits."""
    level = channel.spread * rng.standard_normal()
    level += sum(effect * patient.latent(name) for name, effect in channel.effects.items())
    innovation = np.sqrt(1.0 - _WANDER_MEMORY**2) * rng.standard_normal(_HOURS.size)
    wander = channel.noise * lfilter([1.0], [1.0, -_WANDER_MEMORY], innovation)
    clock = patient.admission.hour + patient.admission.minute / 60.0 + hours
    value = level + np.interp(hours, _HOURS, wander) + 0.5 * channel.noise * rng.standard_normal(hours.size)
    value += channel.circadian * np.cos(2.0 * np.pi * (clock - _CIRCADIAN_PEAK_HOUR) / 24.0)
    value += channel.course * patient.latent("series_course") * (hours / OBSERVATION_HOURS - 0.5)
    if channel.log:
        laboratory_bias = 1.0 if channel in VITALS else patient.site.laboratory_bias
        return channel.base * laboratory_bias * np.exp(value)
    return channel.base + value
