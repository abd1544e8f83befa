from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from monai_app.cohort.spec import Modality
from monai_app.phantom.bayes import optima, optimum, phenotype_posterior, posterior, subsets
from monai_app.phantom.information import DIAGNOSES, LATENTS, MORTALITY, modality_mask, weight_vector
from monai_app.phantom.labels import intercept, link


@pytest.mark.parametrize(("name", "model"), [("sepsis", DIAGNOSES["sepsis"]), ("mortality", MORTALITY)])
def test_closed_form_equals_simulation(name, model) -> None:
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((60_000, len(LATENTS)))
    weights = weight_vector(model)
    label = rng.random(len(latents)) < link(name, intercept(name) + latents @ weights)
    for modalities in ((Modality.SERIES,), (Modality.FILM, Modality.NOTE), tuple(Modality)):
        seen = weights * modality_mask(modalities)
        assert optimum(name, model, modalities)["auroc"] == pytest.approx(
            roc_auc_score(label, latents @ seen), abs=0.006
        )


def test_a_further_modality_never_takes_information_away() -> None:
    for combinations in optima().values():
        for fewer in subsets():
            for more in subsets():
                if set(fewer) < set(more):
                    assert combinations["+".join(more)]["nats"] >= combinations["+".join(fewer)]["nats"] - 1e-9


def test_a_modality_without_share_knows_nothing() -> None:
    assert optimum("pulmonary_nodule", DIAGNOSES["pulmonary_nodule"], (Modality.SERIES,)) == {"auroc": 0.5, "nats": 0.0}


def test_nothing_hidden_makes_the_posterior_the_truth() -> None:
    score = np.linspace(-5, 5, 11)
    assert posterior("sepsis", score, hidden_variance=0.0) == pytest.approx(link("sepsis", intercept("sepsis") + score))


def test_nothing_seen_makes_the_posterior_the_prevalence() -> None:
    for name, model in {**DIAGNOSES, "mortality": MORTALITY}.items():
        chance = posterior(name, np.array(0.0), hidden_variance=model.strength**2)
        assert float(chance) == pytest.approx(model.prevalence, abs=1e-4)


def test_phenotype_posterior_is_a_distribution_and_exact_when_all_is_seen() -> None:
    latents = np.random.default_rng(1).standard_normal((5, len(LATENTS)))
    seen = phenotype_posterior(latents, np.ones_like(latents, bool))
    hidden = phenotype_posterior(latents, np.zeros_like(latents, bool))
    assert seen.sum(axis=1) == pytest.approx(np.ones(5))
    assert np.ptp(hidden, axis=0) == pytest.approx(np.zeros(4))
    assert np.ptp(seen, axis=0).min() > 0.01
