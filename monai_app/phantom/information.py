"""Which modality carries which label's information: the table that labels are drawn and modalities rendered from.

Every patient has independent standard normal latents z. Each latent is rendered into ONE modality. A diagnosis is drawn
from P(y = 1 | z) = sigmoid(b + tau * sum_j sqrt(share_j) z_j) with shares that add up to one, so that what a set S of
modalities can know at most follows in closed form from sum of shares in S (:mod:`monai_app.phantom.bayes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from monai_app.cohort.spec import Modality


@dataclass(frozen=True)
class Latent:
    """One independent standard normal factor of a patient; larger means more disease.

    Attributes:
        modality: the only modality whose rendering depends on it (deliberate leaks: :data:`SHORTCUTS`).
        shown_as: how it can be seen there.
    """

    name: str
    modality: Modality
    shown_as: str


@dataclass(frozen=True)
class LabelModel:
    """How one label is drawn.

    Attributes:
        prevalence: P(y = 1) at the reference site.
        strength: tau, the standard deviation of the log odds (log hazard for mortality).
        shares: part of the log odds' variance that each latent carries; they add up to 1.
    """

    prevalence: float
    strength: float
    shares: dict[str, float]


LATENTS: tuple[Latent, ...] = (
    Latent("film_consolidation", Modality.FILM, "extent and density of patchy consolidation"),
    Latent("film_heart", Modality.FILM, "cardiothoracic ratio"),
    Latent("film_congestion", Modality.FILM, "perihilar haze, wide upper vessels, septal lines"),
    Latent("film_effusion", Modality.FILM, "volume of pleural fluid: blunted angle, meniscus, layering when supine"),
    Latent("film_nodule", Modality.FILM, "number and diameter of round nodules"),
    Latent("film_pneumothorax", Modality.FILM, "pleural line and air without vessels"),
    Latent("series_severity", Modality.SERIES, "heart and respiratory rate up, systolic pressure and GCS down"),
    Latent("series_course", Modality.SERIES, "slope of heart rate, respiratory rate, lactate and SpO2 over 48 h"),
    Latent("series_inflammation", Modality.SERIES, "CRP, white cells, temperature"),
    Latent("series_perfusion", Modality.SERIES, "lactate up, mean arterial pressure down, troponin up"),
    Latent("series_congestion", Modality.SERIES, "BNP"),
    Latent("series_renal", Modality.SERIES, "creatinine, urea, potassium up, urine output down"),
    Latent("series_oxygenation", Modality.SERIES, "SpO2 and PaO2 down, FiO2 up"),
    Latent("table_age", Modality.TABLE, "age"),
    Latent("table_cardiac", Modality.TABLE, "ejection fraction, history of heart failure"),
    Latent("table_renal", Modality.TABLE, "baseline eGFR, history of kidney disease"),
    Latent("table_smoking", Modality.TABLE, "pack years, COPD"),
    Latent("table_frailty", Modality.TABLE, "clinical frailty scale, Charlson index, immunosuppression"),
    Latent("note_cough", Modality.NOTE, "productive cough and rigors"),
    Latent("note_orthopnoea", Modality.NOTE, "orthopnoea and leg swelling"),
    Latent("note_pleuritic", Modality.NOTE, "dullness and pleuritic pain"),
    Latent("note_weight_loss", Modality.NOTE, "weight loss and haemoptysis"),
    Latent("note_confusion", Modality.NOTE, "confusion and mottled skin"),
    Latent("note_oliguria", Modality.NOTE, "passing little urine"),
    Latent("note_sudden_pain", Modality.NOTE, "sudden chest pain and breathlessness"),
    Latent("note_function", Modality.NOTE, "loss of mobility"),
)

DIAGNOSES: dict[str, LabelModel] = {
    "pneumonia": LabelModel(0.30, 4.0, {
        "film_consolidation": 0.38, "series_inflammation": 0.22, "series_oxygenation": 0.06, "note_cough": 0.20,
        "table_smoking": 0.14}),
    "heart_failure": LabelModel(0.30, 4.0, {
        "film_heart": 0.22, "film_congestion": 0.16, "series_congestion": 0.26, "table_cardiac": 0.19,
        "note_orthopnoea": 0.17}),
    "pleural_effusion": LabelModel(0.25, 4.0, {
        "film_effusion": 0.50, "film_congestion": 0.04, "series_congestion": 0.13, "note_pleuritic": 0.20,
        "table_cardiac": 0.13}),
    "pulmonary_nodule": LabelModel(0.15, 4.0, {
        "film_nodule": 0.46, "table_smoking": 0.22, "table_age": 0.08, "note_weight_loss": 0.24}),
    "sepsis": LabelModel(0.20, 4.0, {
        "film_consolidation": 0.15, "series_perfusion": 0.24, "series_inflammation": 0.14, "series_severity": 0.07,
        "note_confusion": 0.22, "table_frailty": 0.18}),
    "renal_failure": LabelModel(0.22, 4.0, {
        "film_congestion": 0.10, "series_renal": 0.40, "table_renal": 0.26, "note_oliguria": 0.24}),
    "pneumothorax": LabelModel(0.02, 4.5, {
        "film_pneumothorax": 0.60, "series_oxygenation": 0.08, "note_sudden_pain": 0.22, "table_smoking": 0.10}),
}  # fmt: skip
"""The multilabel task; pneumothorax is the rare one (< 3 %)."""

MORTALITY = LabelModel(0.15, 2.4, {
    "film_consolidation": 0.08, "film_congestion": 0.08, "film_effusion": 0.04, "series_severity": 0.18,
    "series_course": 0.16, "series_perfusion": 0.06, "table_age": 0.12, "table_frailty": 0.08,
    "note_function": 0.20})  # fmt: skip
"""Log hazard of death; ``prevalence`` is P(death within 30 days) and mortality is that event."""

LENGTH_OF_STAY = LabelModel(0.5, 0.75, {
    "film_effusion": 0.10, "film_consolidation": 0.10, "series_severity": 0.25, "series_renal": 0.10,
    "table_frailty": 0.20, "note_function": 0.25})  # fmt: skip
"""Log of the days to discharge: ``strength`` is the standard deviation that the latents explain."""

PHENOTYPES: dict[str, dict[str, float]] = {
    "stable": {"series_severity": -1.3, "film_effusion": -0.6, "table_frailty": -0.9, "note_function": -0.8},
    "inflammatory": {"series_inflammation": 1.8, "film_consolidation": 1.3, "note_cough": 1.0, "table_smoking": 0.5},
    "congestive": {"film_heart": 1.3, "series_congestion": 1.6, "table_cardiac": 1.3, "note_orthopnoea": 1.2},
    "hypoperfused": {"series_perfusion": 1.9, "series_renal": 1.0, "note_confusion": 1.3, "table_renal": 1.0},
}
"""Multiclass task: P(class | z) = softmax over the classes of ``sum_j weight_j z_j``."""

SHORTCUTS: dict[str, str] = {
    "film: presence, AP view, portable marker, devices": "more likely with series_severity, as in hospitals",
    "film, series, note, table: style": "site; the label rates differ between sites",
    "series: sampling rate": "more measurements with series_severity",
    "film: breast shadows and size": "sex, which carries no label's information",
}
"""What a modality shows beside its own latents; not counted in the information table."""

INDEX: dict[str, int] = {latent.name: index for index, latent in enumerate(LATENTS)}
MODALITIES: tuple[Modality, ...] = tuple(Modality)


def binary_models() -> dict[str, LabelModel]:
    """The seven diagnoses and mortality, by label name."""
    return {**DIAGNOSES, "mortality": MORTALITY}


def weight_vector(model: LabelModel) -> np.ndarray:
    """Weights (J,) of a label over the latents: tau * sqrt(share)."""
    weights = np.zeros(len(LATENTS))
    for name, share in model.shares.items():
        weights[INDEX[name]] = model.strength * np.sqrt(share)
    return weights


@lru_cache
def phenotype_weights() -> np.ndarray:
    """Weights (classes, J) of the phenotypes."""
    weights = np.zeros((len(PHENOTYPES), len(LATENTS)))
    for row, shares in enumerate(PHENOTYPES.values()):
        for name, weight in shares.items():
            weights[row, INDEX[name]] = weight
    return weights


def modality_mask(modalities: tuple[Modality, ...]) -> np.ndarray:
    """Which latents (J,) the given modalities show."""
    return np.array([latent.modality in modalities for latent in LATENTS])
