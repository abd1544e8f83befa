"""Labels as draws from known probabilities given the latents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, ndtr, softmax

from monai_app.phantom.information import (
    DIAGNOSES,
    LENGTH_OF_STAY,
    MORTALITY,
    PHENOTYPES,
    LabelModel,
    phenotype_weights,
    weight_vector,
)
from monai_app.phantom.patient import Patient

MORTALITY_DAYS = 30.0
"""Mortality is death within these days of the prediction time; every patient is followed at least as long."""

FOLLOW_UP_DAYS = 365.0
WEIBULL_SHAPE = 0.8
"""Hazard falls with time: the first days are the most dangerous."""

MEDIAN_STAY_DAYS = 6.0
STAY_NOISE = 0.45
"""Standard deviation of the log of the days to discharge that no latent explains."""

_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


@dataclass(frozen=True)
class Truth:
    """The labels of a patient and the probabilities they were drawn from.

    Attributes:
        probability: P(y = 1 | latents, site) of each diagnosis and of mortality.
        phenotype_probability: (classes,).
        time_days: to death, or to the end of follow-up.
        expected_stay_days: mean of the length of stay given the latents.
    """

    diagnoses: dict[str, bool]
    probability: dict[str, float]
    phenotype: str
    phenotype_probability: np.ndarray
    mortality: bool
    time_days: float
    died: bool
    stay_days: float
    expected_stay_days: float


def link(name: str, score: np.ndarray) -> np.ndarray:
    """P(y = 1) from a linear score: logistic for diagnoses, 1 - exp(-exp(.)) (proportional hazards) for mortality."""
    return -np.expm1(-np.exp(np.minimum(score, 30.0))) if name == "mortality" else expit(score)


@lru_cache
def intercept(name: str) -> float:
    """The intercept that gives a label its designed prevalence at the reference site."""
    model = MORTALITY if name == "mortality" else DIAGNOSES[name]

    def excess(offset: float) -> float:
        mean = float(_NODE_WEIGHTS @ link(name, offset + model.strength * _NODES)) / float(_NODE_WEIGHTS.sum())
        return mean - model.prevalence

    return float(brentq(excess, -40.0, 40.0))


def linear_score(model: LabelModel, latents: np.ndarray) -> np.ndarray:
    """The zero-mean score of latents (..., J)."""
    return latents @ weight_vector(model)


def survival(days: np.ndarray, log_hazard: float) -> np.ndarray:
    """S(t) = exp(-exp(log_hazard) (t / 30 d)^shape), so that ``log_hazard`` sets P(death within 30 d)."""
    return np.exp(-np.exp(log_hazard) * (days / MORTALITY_DAYS) ** WEIBULL_SHAPE)


def draw_truth(patient: Patient) -> Truth:
    """Draw all labels of a patient."""
    rng = patient.generator("labels")
    shift = patient.site.log_odds_shift
    probability = {
        name: float(link(name, intercept(name) + shift + linear_score(model, patient.latents)))
        for name, model in DIAGNOSES.items()
    }
    diagnoses = {name: bool(rng.random() < value) for name, value in probability.items()}
    log_hazard = intercept("mortality") + shift + float(linear_score(MORTALITY, patient.latents))
    probability["mortality"] = float(link("mortality", np.array(log_hazard)))
    death_days = MORTALITY_DAYS * (rng.exponential() / np.exp(log_hazard)) ** (1.0 / WEIBULL_SHAPE)
    censoring_days = float(rng.uniform(MORTALITY_DAYS, FOLLOW_UP_DAYS))
    log_stay = np.log(MEDIAN_STAY_DAYS) + float(linear_score(LENGTH_OF_STAY, patient.latents))
    stay_days = min(float(np.exp(log_stay + STAY_NOISE * rng.standard_normal())), death_days)
    phenotype_probability = softmax(phenotype_weights() @ patient.latents)
    return Truth(
        diagnoses=diagnoses,
        probability=probability,
        phenotype=list(PHENOTYPES)[int(rng.choice(len(PHENOTYPES), p=phenotype_probability))],
        phenotype_probability=phenotype_probability,
        mortality=death_days <= MORTALITY_DAYS,
        time_days=round(max(min(death_days, censoring_days), 0.01), 2),
        died=death_days <= censoring_days,
        stay_days=round(max(stay_days, 0.1), 2),
        expected_stay_days=expected_stay_days(log_stay, log_hazard),
    )


def expected_stay_days(log_stay: float, log_hazard: float) -> float:
    """E[min(discharge, death)] = integral of P(discharge > t) P(death > t) dt, by the trapezium rule."""
    # Fine near zero, where an early death decides.
    days = np.concatenate([[0.0], np.geomspace(1e-4, np.exp(log_stay + 4.0 * STAY_NOISE), 400)])
    still_in = 1.0 - ndtr((np.log(np.maximum(days, 1e-9)) - log_stay) / STAY_NOISE)
    return float(np.trapezoid(still_in * survival(days, log_hazard), days))
