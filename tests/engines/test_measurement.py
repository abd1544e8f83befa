"""Measured numbers: every kind of task has its own, the headline is among them, and undefined is None."""

from __future__ import annotations

import json

import numpy as np
import pytest

from monai_app.engines.measurement import measure_task
from monai_app.engines.predictions import TaskPredictions
from monai_app.metrics.bootstrap import PatientBootstrap
from tests.engines.simulated import TASKS, simulated

TEST = simulated(200)
DRAWS = PatientBootstrap(TEST.subject_id, resamples=20)


def measured(name: str, label: np.ndarray | None = None) -> dict:
    task = TEST.tasks[name]
    label = task.label if label is None else label
    return measure_task(TaskPredictions(task.spec, task.score, label), None, DRAWS)


@pytest.mark.parametrize("name", TASKS)
def test_numbers_are_json_and_state_their_kind(name: str) -> None:
    numbers = json.loads(json.dumps(measured(name), allow_nan=False))
    assert numbers["kind"] == TASKS[name].kind.value and numbers["n"] == 200
    assert all(estimate["low"] <= estimate["value"] <= estimate["high"] for estimate in numbers["headline"].values())


@pytest.mark.parametrize("name", TASKS)
def test_without_labels_everything_is_undefined(name: str) -> None:
    numbers = measured(name, np.full(TEST.tasks[name].label.shape, np.nan))
    assert numbers["n"] == 0
    assert {estimate["value"] for estimate in numbers["headline"].values()} == {None}


def test_macro_is_the_mean_over_classes_and_micro_pools_them() -> None:
    numbers = measured("findings")
    own = [values["metrics"]["auroc"]["value"] for values in numbers["classes"].values()]
    assert numbers["macro"]["auroc"]["value"] == pytest.approx(np.mean(own))
    task = TEST.tasks["findings"]
    pooled = numbers["micro"]["brier"]["value"]
    assert pooled == pytest.approx(((task.score - task.label) ** 2).mean())


def test_confusion_counts_every_sample_once() -> None:
    assert np.sum(measured("phenotype")["confusion"]) == np.sum(
        measured("mortality")["classes"]["mortality"]["confusion"]
    )


def test_perfect_values_have_no_error() -> None:
    numbers = measured("stay", TEST.tasks["stay"].score)
    assert numbers["metrics"]["mae"]["value"] == 0 and numbers["metrics"]["r2"]["value"] == 1
