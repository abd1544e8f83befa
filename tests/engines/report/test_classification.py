"""The classification section: one class in full, several beside each other, words where nothing is labelled."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.page import Section
from monai_app.engines.measurement import measure_task
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.report.classification import band_bootstrap, calibration_sentence, classification_section
from tests.engines.simulated import simulated

TEST = simulated(90, tasks=("mortality", "findings", "phenotype"))
DRAWS = band_bootstrap(TEST.subject_id, resamples=5, seed=0)


def section(name: str, label: np.ndarray | None = None) -> str:
    old = TEST.tasks[name]
    task = TaskPredictions(old.spec, old.score, old.label if label is None else label)
    made = Section(name)
    classification_section(made, task, None, measure_task(task, None, DRAWS), DRAWS)
    return "".join(made.blocks)


def test_single_class_states_its_threshold_and_where_it_is_from() -> None:
    text = section("mortality")
    assert "Decisions at a probability of 0.500" in text and text.count("<svg") == 6


@pytest.mark.parametrize("name", ["findings", "phenotype"])
def test_several_classes_are_rows_of_one_table(name: str) -> None:
    text = section(name)
    assert all(f">{label.replace('_', ' ')}</td>" in text for label in TEST.tasks[name].spec.classes)


@pytest.mark.parametrize("name", ["mortality", "findings", "phenotype"])
def test_without_labels_there_are_only_words(name: str) -> None:
    text = section(name, np.full(TEST.tasks[name].label.shape, np.nan))
    assert "nothing can be measured" in text and "<svg" not in text


def test_bands_are_drawn_from_no_more_resamples_than_asked_for() -> None:
    assert DRAWS.resamples == 5
    assert band_bootstrap(TEST.subject_id, resamples=10_000, seed=0).resamples < 10_000


@pytest.mark.parametrize(
    ("method", "said"), [("temperature", "one temperature of 1.250"), ("vector", "a scale"), ("isotonic", "isotonic")]
)
def test_calibration_sentence_names_method_tuning_and_what_was_left(method: str, said: str) -> None:
    temperature = 1.25 if method == "temperature" else None
    text = calibration_sentence(
        {"method": method, "tuning_samples": 829, "temperature": temperature, "left_alone": ["rare_thing"]}
    )
    assert said in text and "829 tuning samples" in text and "one class only: rare thing" in text


def test_no_calibration_is_said_too() -> None:
    assert "none were calibrated" in calibration_sentence({"method": "none"})
