"""The survival section: risk groups cut on tuning, censoring stated, words where nothing is labelled."""

from __future__ import annotations

import numpy as np

from monai_app.core.page import Section
from monai_app.engines.measurement import measure_task
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.report.survival import survival_section
from monai_app.metrics.bootstrap import PatientBootstrap
from tests.engines.simulated import simulated

TEST = simulated(90, tasks=("survival",))
TASK = TEST.tasks["survival"]


def section(task: TaskPredictions = TASK, tuning: TaskPredictions | None = None) -> str:
    made = Section("survival")
    numbers = measure_task(task, None, PatientBootstrap(TEST.subject_id, resamples=5))
    survival_section(made, task, tuning, numbers)
    return "".join(made.blocks)


def test_events_and_censoring_are_stated() -> None:
    events = int(TASK.label[:, 1].sum())
    text = section()
    assert f"{events} events, {1 - events / 90:.0%} censored; times in d" in text and text.count("<svg") == 2


def test_risk_groups_come_from_tuning_where_there_is_one() -> None:
    assert "thirds of the evaluated samples" in section()
    assert "thirds of tuning" in section(tuning=simulated(30, seed=1, tasks=("survival",)).tasks["survival"])


def test_without_labels_there_are_only_words() -> None:
    text = section(TaskPredictions(TASK.spec, TASK.score, np.full((90, 2), np.nan)))
    assert "nothing can be measured" in text and "<svg" not in text
