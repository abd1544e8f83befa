"""Static facts of one patient: demographics, risk scores, comorbidities."""

from __future__ import annotations

import numpy as np

from monai_app.cohort.spec import Modality
from monai_app.phantom.corruption import CorruptionKind, severity_of
from monai_app.phantom.patient import Patient

DESCRIPTIONS: dict[str, tuple[str, str]] = {
    "GENDER": ("Sex", ""),
    "AGE": ("Age at admission", "a"),
    "SITE": ("Hospital", ""),
    "BMI": ("Body mass index", "kg/m2"),
    "HEIGHT": ("Body height", "cm"),
    "PACK_YEARS": ("Smoking history in pack years", "{pack}.a"),
    "LVEF": ("Left ventricular ejection fraction before admission", "%"),
    "EGFR_BASELINE": ("Estimated glomerular filtration rate before admission", "mL/min/{1.73_m2}"),
    "FRAILTY": ("Clinical frailty scale", "{score}"),
    "CHARLSON": ("Charlson comorbidity index", "{score}"),
    "COPD": ("Chronic obstructive pulmonary disease", "1"),
    "HEART_FAILURE_HISTORY": ("History of heart failure", "1"),
    "CKD": ("Chronic kidney disease", "1"),
    "IMMUNOSUPPRESSION": ("Immunosuppression", "1"),
    "DIABETES": ("Diabetes mellitus", "1"),
    "HYPERTENSION": ("Arterial hypertension", "1"),
}
"""Description and UCUM unit of each code (no unit: a text)."""

_RECORDED = {"LVEF": 0.85, "PACK_YEARS": 0.92, "EGFR_BASELINE": 0.92, "BMI": 0.88, "HEIGHT": 0.90, "FRAILTY": 0.95}
"""P(recorded) of the facts that are often unknown."""

_ALWAYS = ("GENDER", "AGE", "SITE")


def draw_table(patient: Patient) -> dict[str, float | str]:
    """The facts that are recorded, by code; text for sex and site, 0 / 1 for comorbidities."""
    rng = patient.generator("table")
    noise = dict(zip(DESCRIPTIONS, rng.standard_normal(len(DESCRIPTIONS)), strict=True))
    cardiac, renal = patient.latent("table_cardiac"), patient.latent("table_renal")
    smoking, frailty = patient.latent("table_smoking"), patient.latent("table_frailty")
    facts: dict[str, float | str] = {
        "GENDER": patient.sex,
        "AGE": patient.age_years,
        "SITE": patient.site.name,
        "BMI": patient.bmi,
        "HEIGHT": patient.height_cm,
        "PACK_YEARS": float(np.round(max(0.0, 20.0 + 15.0 * smoking + 3.0 * noise["PACK_YEARS"]))),
        "LVEF": float(np.round(np.clip(54.0 - 8.5 * cardiac + 2.5 * noise["LVEF"], 12.0, 78.0))),
        "EGFR_BASELINE": float(np.round(np.clip(76.0 - 19.0 * renal + 5.0 * noise["EGFR_BASELINE"], 6.0, 125.0))),
        "FRAILTY": float(np.round(np.clip(4.5 + 1.5 * frailty + 0.3 * noise["FRAILTY"], 1.0, 9.0))),
        "CHARLSON": float(np.round(max(0.0, 4.0 + 1.5 * frailty + 1.2 * noise["CHARLSON"]))),
        "COPD": float(smoking + 0.7 * noise["COPD"] > 1.1),
        "HEART_FAILURE_HISTORY": float(cardiac + 0.7 * noise["HEART_FAILURE_HISTORY"] > 1.0),
        "CKD": float(renal + 0.7 * noise["CKD"] > 1.1),
        "IMMUNOSUPPRESSION": float(frailty + 1.0 * noise["IMMUNOSUPPRESSION"] > 1.8),
        "DIABETES": float(noise["DIABETES"] > 0.75),
        "HYPERTENSION": float(noise["HYPERTENSION"] > -0.1),
    }
    lost = 0.8 * severity_of(patient.corruptions.get(Modality.TABLE), CorruptionKind.FIELDS_LOST)
    draw = dict(zip(facts, rng.random(len(facts)), strict=True))
    return {
        code: fact for code, fact in facts.items() if code in _ALWAYS or draw[code] < _RECORDED.get(code, 1.0) - lost
    }
