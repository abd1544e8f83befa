"""Conformal sets: the level is reached, a higher one gives larger sets, and what cannot be had is refused."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from monai_app.core.errors import AppError, InputRejected
from monai_app.engines import conformal
from monai_app.engines.conformal import conformal_sets
from monai_app.engines.predictions import TaskPredictions
from tests.engines.simulated import TASKS, simulated

TUNING, TEST = simulated(1000, seed=1), simulated(1000, seed=2)


def sets(name: str, level: float) -> np.ndarray:
    return conformal_sets(TUNING.tasks[name], TEST.tasks[name], level=level)


@pytest.mark.parametrize("name", ["mortality", "phenotype"])
@pytest.mark.parametrize("level", [0.8, 0.9])
def test_share_of_sets_that_hold_the_truth_is_the_level(name: str, level: float) -> None:
    label = TEST.tasks[name].label[:, 0].astype(int)
    assert sets(name, level)[np.arange(1000), label].mean() == pytest.approx(level, abs=0.04)


def test_higher_level_never_drops_a_class() -> None:
    assert (sets("phenotype", 0.7) <= sets("phenotype", 0.95)).all()
    assert sets("phenotype", 0.7).sum() < sets("phenotype", 0.95).sum()


def test_set_of_a_hand_case() -> None:
    spec = TASKS["mortality"]
    tuning = TaskPredictions(spec, np.linspace(0.5, 0.95, 10)[:, None], np.ones((10, 1)))
    test = TaskPredictions(spec, np.array([[0.52], [0.6], [0.1], [0.3]]), np.full((4, 1), np.nan))
    made = conformal_sets(tuning, test, level=0.8)  # the 9th smallest of 1 - p, 0.45: classes of p >= 0.55 stand
    assert made.tolist() == [[False, False], [False, True], [True, False], [True, False]]


def test_class_without_a_tuning_sample_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    task = TUNING.tasks["phenotype"]
    conformal_sets(replace(task, label=np.where(task.label == 2, 1, task.label)), TEST.tasks["phenotype"])
    assert "phenotype: 1 classes have no tuning sample" in caplog.text


def test_unlabelled_tuning_samples_do_not_count() -> None:
    task = TUNING.tasks["phenotype"]
    holes = np.where(np.arange(1000)[:, None] < 400, task.label, np.nan)
    first = conformal_sets(replace(task, label=holes), TEST.tasks["phenotype"])
    assert (first == conformal_sets(task.take(np.arange(400)), TEST.tasks["phenotype"])).all()


def test_no_test_samples_give_no_sets() -> None:
    assert conformal_sets(TUNING.tasks["phenotype"], TEST.tasks["phenotype"].take(np.arange(0))).shape == (0, 3)


@pytest.mark.parametrize("name", ["findings", "stay", "survival"])
def test_other_kinds_of_tasks_are_refused(name: str) -> None:
    with pytest.raises(InputRejected, match="TASK_NOT_CONFORMAL"):
        sets(name, 0.9)


def test_level_and_number_of_samples_are_checked() -> None:
    with pytest.raises(InputRejected, match="LEVEL_INVALID"):
        sets("mortality", 1.0)
    few = TUNING.tasks["mortality"].take(np.arange(9))
    with pytest.raises(InputRejected, match=r"TUNING_TOO_SMALL.*got 9.*at least 10"):
        conformal_sets(few, TEST.tasks["mortality"], level=0.9)
    with pytest.raises(AppError, match="SCORE_NOT_FINITE"):
        broken = replace(TEST.tasks["mortality"], score=np.full((1000, 1), np.nan))
        conformal_sets(TUNING.tasks["mortality"], broken)


def test_missing_extra_is_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformal, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "mapie", raising=False)
    with pytest.raises(InputRejected, match=r"EXTRA_MISSING.*monai-app\[conformal\]"):
        sets("mortality", 0.9)
