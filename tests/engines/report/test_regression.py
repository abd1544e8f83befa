"""The regression section: figures and units, and words where nothing is labelled."""

from __future__ import annotations

import numpy as np

from monai_app.core.page import Section
from monai_app.engines.measurement import measure_task
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.report.regression import regression_section
from monai_app.metrics.bootstrap import PatientBootstrap
from tests.engines.simulated import simulated

TEST = simulated(60, tasks=("stay",))


def section(label: np.ndarray) -> str:
    task = TaskPredictions(TEST.tasks["stay"].spec, TEST.tasks["stay"].score, label)
    made = Section("stay")
    regression_section(made, task, measure_task(task, None, PatientBootstrap(TEST.subject_id, resamples=5)))
    return "".join(made.blocks)


def test_three_plots_in_the_unit_of_the_task() -> None:
    text = section(TEST.tasks["stay"].label)
    assert text.count("<svg") == 3 and "true values in d: median" in text and "MAE" in text


def test_all_values_equal_is_still_drawn() -> None:
    assert section(np.full((60, 1), 5.0)).count("<svg") == 3


def test_without_labels_there_are_only_words() -> None:
    text = section(np.full((60, 1), np.nan))
    assert "nothing can be measured" in text and "<svg" not in text
