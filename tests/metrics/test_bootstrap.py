from __future__ import annotations

import time

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.metrics import resampled
from monai_app.metrics.bootstrap import PatientBootstrap, interval


def _mean(subjects, values, **options):
    rows = np.ones(len(subjects), bool)
    return PatientBootstrap(subjects, **options).replicates(rows, lambda w: resampled.weighted_mean(values, w))


def test_a_patient_brings_all_samples():
    subjects = np.array([1, 1, 1, 2])
    drawn = _mean(subjects, np.array([1.0, 1, 1, 0]), resamples=200)
    assert set(np.round(drawn, 6)) == {0.0, 0.75, 1.0}


def test_same_seed_same_draws_whatever_the_order():
    random = numpy_generator("tests/bootstrap")
    subjects, values = np.arange(50), random.normal(size=50)
    order = random.permutation(50)
    first = _mean(subjects, values, resamples=20, seed=3)
    assert _mean(subjects[order], values[order], resamples=20, seed=3) == pytest.approx(first)
    assert not np.allclose(first, _mean(subjects, values, resamples=20, seed=4))


def test_interval_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for trial in range(200):
        values = numpy_generator("tests/coverage", trial).normal(size=60)
        estimate = interval(float(values.mean()), _mean(np.arange(60), values, resamples=200, seed=trial))
        covered += estimate.low <= 0 <= estimate.high
    assert 0.89 <= covered / 200 <= 0.99


def test_repeating_a_patients_sample_does_not_narrow_the_interval():
    values = numpy_generator("tests/narrow").normal(size=40)
    once = _mean(np.arange(40), values, resamples=300)
    thrice = _mean(np.repeat(np.arange(40), 3), np.repeat(values, 3), resamples=300)
    assert thrice == pytest.approx(once)


def test_chunks_do_not_change_the_draws(monkeypatch):
    values = np.arange(30.0)
    whole = _mean(np.arange(30), values, resamples=17)
    monkeypatch.setattr("monai_app.metrics.bootstrap._CHUNK_ELEMENTS", 60)
    assert _mean(np.arange(30), values, resamples=17) == pytest.approx(whole)


def test_one_patient_has_no_interval():
    estimate = interval(0.5, _mean(np.zeros(5, int), np.arange(5.0), resamples=10))
    assert estimate.value == 0.5 and estimate.low is None and estimate.high is None


def test_mostly_undefined_has_no_interval():
    assert interval(0.7, np.array([np.nan] * 6 + [0.5] * 4)).low is None
    assert interval(None, np.array([0.5])).as_dict() == {"value": None, "low": None, "high": None}


def test_no_resamples_and_no_samples():
    assert interval(0.5, _mean(np.arange(3), np.arange(3.0), resamples=0)).low is None
    assert np.isnan(_mean(np.zeros(0, int), np.zeros(0), resamples=2)).all()
    with pytest.raises(InputRejected, match="RESAMPLES_INVALID"):
        PatientBootstrap(np.arange(3), resamples=-1)


def test_a_thousand_resamples_of_four_thousand_samples_take_seconds():
    random = numpy_generator("tests/bootstrap-speed")
    label, score = (random.random(4000) < 0.14).astype(float), random.random(4000)
    started = time.perf_counter()
    bootstrap = PatientBootstrap(np.arange(4000), resamples=1000)
    bootstrap.replicates(np.ones(4000, bool), lambda w: resampled.auroc(label, score, w))
    assert time.perf_counter() - started < 5
