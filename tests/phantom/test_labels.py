from __future__ import annotations

import numpy as np
import pytest

from monai_app.phantom.information import LATENTS, binary_models
from monai_app.phantom.labels import (
    FOLLOW_UP_DAYS,
    MORTALITY_DAYS,
    draw_truth,
    expected_stay_days,
    intercept,
    linear_score,
    link,
    survival,
)
from monai_app.phantom.patient import draw_patient

LATENT_DRAWS = np.random.default_rng(0).standard_normal((40_000, len(LATENTS)))


@pytest.mark.parametrize("name", binary_models())
def test_prevalence_is_the_designed_one(name) -> None:
    model = binary_models()[name]
    drawn = link(name, intercept(name) + linear_score(model, LATENT_DRAWS)).mean()
    assert drawn == pytest.approx(model.prevalence, abs=0.005)


def test_labels_are_drawn_from_their_probabilities() -> None:
    truths = [draw_truth(draw_patient(3, number)) for number in range(400)]
    for name in binary_models():
        label = np.array([t.mortality if name == "mortality" else t.diagnoses[name] for t in truths], float)
        chance = np.array([truth.probability[name] for truth in truths])
        error = np.sqrt((chance * (1 - chance)).sum()) / len(truths)
        assert abs(label.mean() - chance.mean()) < 4 * error


def test_mortality_and_time_to_death_tell_one_story() -> None:
    for number in range(200):
        truth = draw_truth(draw_patient(1, number))
        assert 0 < truth.time_days <= FOLLOW_UP_DAYS
        assert truth.mortality == (truth.died and truth.time_days <= MORTALITY_DAYS)
        assert not truth.died or truth.stay_days <= max(truth.time_days, 0.1) + 0.01


def test_survival_at_thirty_days_is_one_minus_mortality() -> None:
    log_hazard = np.log(0.4)
    assert 1 - survival(np.array(MORTALITY_DAYS), log_hazard) == pytest.approx(link("mortality", np.array(log_hazard)))


def test_a_certain_death_bounds_the_expected_stay() -> None:
    assert expected_stay_days(np.log(20.0), 9.0) < 0.1 < 15 < expected_stay_days(np.log(20.0), -30.0)
