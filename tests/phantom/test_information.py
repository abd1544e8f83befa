from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.spec import Modality
from monai_app.phantom.bayes import optima, share
from monai_app.phantom.information import (
    DIAGNOSES,
    LATENTS,
    LENGTH_OF_STAY,
    PHENOTYPES,
    binary_models,
    modality_mask,
    weight_vector,
)


@pytest.mark.parametrize("model", [*binary_models().values(), LENGTH_OF_STAY])
def test_shares_of_a_label_add_up_to_one(model) -> None:
    assert sum(model.shares.values()) == pytest.approx(1.0)
    assert np.sum(weight_vector(model) ** 2) == pytest.approx(model.strength**2)


def test_every_latent_means_something_to_some_label() -> None:
    used = {name for model in binary_models().values() for name in model.shares}
    used |= {name for weights in PHENOTYPES.values() for name in weights}
    assert used == {latent.name for latent in LATENTS}


def test_every_latent_belongs_to_one_modality() -> None:
    owners = np.stack([modality_mask((modality,)) for modality in Modality])
    assert (owners.sum(axis=0) == 1).all()


def test_one_modality_is_middling_and_all_are_good() -> None:
    whole = "film+series+table+note"
    for name, combinations in optima().items():
        assert combinations[whole]["auroc"] > 0.92
        for modality in Modality:
            alone = combinations[modality.value]["auroc"]
            assert alone <= (0.93 if name == "pneumothorax" else 0.85)
            assert alone >= 0.6 or share(binary_models()[name], (modality,)) == 0.0


def test_exactly_one_diagnosis_is_rare() -> None:
    assert [name for name, model in DIAGNOSES.items() if model.prevalence < 0.03] == ["pneumothorax"]
