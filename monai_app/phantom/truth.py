"""What only a simulator knows: latents, true probabilities, quality, and the best scores that any model can reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sksurv.metrics import concordance_index_censored

from monai_app.phantom.bayes import optima, phenotype_posterior, posterior, share
from monai_app.phantom.information import (
    LATENTS,
    MODALITIES,
    MORTALITY,
    PHENOTYPES,
    SHORTCUTS,
    binary_models,
    modality_mask,
)
from monai_app.phantom.labels import Truth, intercept, linear_score, weight_vector
from monai_app.phantom.patient import Patient
from monai_app.phantom.site import EXTERNAL_SITE


def latent_table(patients: Sequence[Patient], truths: Sequence[Truth], splits: pl.DataFrame) -> pl.DataFrame:
    """One row a patient: split, site, presence, latents ``z_``, and two probabilities of each label.

    ``p_<label>`` is the true probability given everything; ``q_<label>`` is the best prediction from the modalities
    that this patient has.
    """
    latents = np.stack([patient.latents for patient in patients])
    columns: dict[str, Any] = {
        "subject_id": [patient.subject_id for patient in patients],
        "site": [patient.site.name for patient in patients],
        "view": [patient.view.value for patient in patients],
    }
    columns |= {f"{m.value}_present": [m in patient.present for patient in patients] for m in MODALITIES}
    columns |= {f"z_{latent.name}": latents[:, index] for index, latent in enumerate(LATENTS)}
    columns |= {f"p_{name}": [truth.probability[name] for truth in truths] for name in binary_models()}
    columns |= {f"q_{name}": _seen_probability(name, patients) for name in binary_models()}
    whole = np.stack([truth.phenotype_probability for truth in truths])
    seen = phenotype_posterior(latents, np.stack([_seen(patient) for patient in patients]))
    for index, name in enumerate(PHENOTYPES):
        columns |= {f"p_phenotype_{name}": whole[:, index], f"q_phenotype_{name}": seen[:, index]}
    columns["expected_stay_days"] = [truth.expected_stay_days for truth in truths]
    frame = pl.DataFrame(columns)
    return frame.join(splits, on="subject_id", how="left", maintain_order="left")


def _seen(patient: Patient) -> np.ndarray:
    return modality_mask(tuple(patient.present))


def _seen_probability(name: str, patients: Sequence[Patient]) -> list[float]:
    """P(y = 1 | latents of the modalities that are present, site)."""
    weights, strength = weight_vector(binary_models()[name]), binary_models()[name].strength
    values = []
    for patient in patients:
        seen = _seen(patient)
        hidden_variance = strength**2 - float((weights[seen] ** 2).sum())
        score = np.array(patient.latents[seen] @ weights[seen])
        shift = patient.site.log_odds_shift
        values.append(float(posterior(name, score, hidden_variance=hidden_variance, shift=shift)))
    return values


def quality_table(patients: Sequence[Patient]) -> pl.DataFrame:
    """One row a patient and modality: present, kind of degradation, severity, quality (1 best; 0 when absent)."""
    rows = []
    for patient in patients:
        for modality in MODALITIES:
            present = modality in patient.present
            corruption = patient.corruptions.get(modality) if present else None
            kind = corruption.kind.value if corruption else ""
            severity = corruption.severity if corruption else 0.0
            quality = 0.0 if not present else 1.0 - severity
            rows.append((patient.subject_id, modality.value, present, kind, severity, quality))
    names = ["subject_id", "modality", "present", "corruption", "severity", "quality"]
    return pl.DataFrame(rows, schema=names, orient="row")


def information_record() -> dict[str, Any]:
    """The information table: latents with their modality, and per label what each modality carries."""
    labels = {}
    best = optima()
    for name, model in binary_models().items():
        labels[name] = {
            "prevalence": model.prevalence,
            "strength": model.strength,
            "shares": model.shares,
            "modalities": {m.value: {"share": share(model, (m,)), **best[name][m.value]} for m in MODALITIES},
        }
    return {
        "meaning": "Label = Bernoulli(sigmoid(b + strength * sum sqrt(share) z)); z independent standard normal, each "
        "shown by one modality only. nats: mutual information of label and modality alone; auroc: its best score.",
        "latents": {
            latent.name: {"modality": latent.modality.value, "shown_as": latent.shown_as} for latent in LATENTS
        },
        "labels": labels,
        "phenotype_weights": {name: dict(weights) for name, weights in PHENOTYPES.items()},
        "shortcuts": SHORTCUTS,
    }


def information_table() -> pl.DataFrame:
    """label, modalities (``film+note``), auroc, nats of every combination."""
    rows = [
        (label, combination, values["auroc"], values["nats"])
        for label, combinations in optima().items()
        for combination, values in combinations.items()
    ]
    return pl.DataFrame(rows, schema=["label", "modalities", "auroc", "nats"], orient="row")


def bayes_record(latents: pl.DataFrame, patients: Sequence[Patient], truths: Sequence[Truth]) -> dict[str, Any]:
    """Scores of the true probabilities: of the population in closed form, and of this cohort's patients by split."""
    by_subject = dict(
        zip((patient.subject_id for patient in patients), zip(patients, truths, strict=True), strict=True)
    )
    external = pl.col("site") == EXTERNAL_SITE
    parts = {name: latents.filter(pl.col("split") == name) for name in ("train", "tuning", "held_out")}
    parts["held_out_known_sites"] = parts["held_out"].filter(~external)
    parts["held_out_external_site"] = parts["held_out"].filter(external)
    return {
        "meaning": "population: best AUROC and nats by combination of modalities. cohort: scores of the true "
        "probability (all_modalities) and of the best prediction from what each patient has (present_modalities). "
        "The shortcuts of information.json are not counted: through them one modality can tell a little more.",
        "population": optima(),
        "cohort": {name: _scores(part, by_subject) for name, part in parts.items()},
    }


def _scores(part: pl.DataFrame, by_subject: dict[int, tuple[Patient, Truth]]) -> dict[str, Any]:
    members = [by_subject[subject] for subject in part["subject_id"].to_list()]
    truths = [truth for _, truth in members]
    scores: dict[str, Any] = {"n": part.height}
    for name in binary_models():
        label = np.array([truth.mortality if name == "mortality" else truth.diagnoses[name] for truth in truths])
        both = label.any() and not label.all()
        scores[name] = {
            "positives": int(label.sum()),
            "auroc_all_modalities": float(roc_auc_score(label, part[f"p_{name}"])) if both else None,
            "auroc_present_modalities": float(roc_auc_score(label, part[f"q_{name}"])) if both else None,
        }
    if truths:
        scores["phenotype"] = _phenotype_scores(part, truths)
        scores["length_of_stay"] = _stay_scores(part, truths)
        scores["time_to_death"] = _survival_scores(members)
    return scores


def _phenotype_scores(part: pl.DataFrame, truths: Sequence[Truth]) -> dict[str, float]:
    names = list(PHENOTYPES)
    label = np.array([names.index(truth.phenotype) for truth in truths])
    scores = {}
    for prefix, meaning in (("p", "all_modalities"), ("q", "present_modalities")):
        chosen = part.select(f"{prefix}_phenotype_{name}" for name in names).to_numpy().argmax(axis=1)
        scores[f"accuracy_{meaning}"] = float(accuracy_score(label, chosen))
    return scores


def _stay_scores(part: pl.DataFrame, truths: Sequence[Truth]) -> dict[str, float | None]:
    stay = np.array([truth.stay_days for truth in truths])
    return {"r2_all_modalities": float(r2_score(stay, part["expected_stay_days"])) if len(stay) > 1 else None}


def _survival_scores(members: Sequence[tuple[Patient, Truth]]) -> dict[str, float | None]:
    died = np.array([truth.died for _, truth in members])
    days = np.array([truth.time_days for _, truth in members])
    hazard = np.array([
        intercept("mortality") + patient.site.log_odds_shift + float(linear_score(MORTALITY, patient.latents))
        for patient, _ in members
    ])  # fmt: skip
    if not died.any() or len(died) < 3:
        return {"c_index_all_modalities": None}
    return {"c_index_all_modalities": float(concordance_index_censored(died, days, hazard)[0])}
