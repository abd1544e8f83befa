"""Abstention: the wanted share is reached on tuning, the rule is stored, and belongs to weights and calibration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.loading import write_checked_text
from monai_app.engines.abstention import (
    AbstainBy,
    Abstention,
    CutState,
    abstention_of,
    fit_abstention,
    parse_by,
    stored_abstention,
)
from monai_app.engines.calibration_maps import Method
from monai_app.engines.posthoc import fit_calibration
from monai_app.engines.predictions import Predictions
from monai_app.engines.selection import decision_views
from tests.engines.simulated import relabelled, simulated

TUNING, OTHER = simulated(200, seed=1), simulated(200, seed=2)
COVERAGE, PRECISION = AbstainBy.COVERAGE, AbstainBy.PRECISION


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_checked_text(tmp_path / "model.safetensors", "weights")
    return tmp_path


def fitted(tuning: Predictions, by: AbstainBy, at: float) -> Abstention:
    return fit_abstention(tuning, by, at, calibration=None, files={"model": "0"})


@pytest.mark.parametrize("name", ["mortality", "findings", "phenotype"])
def test_wanted_coverage_is_reached_on_tuning(name: str) -> None:
    silent = fitted(TUNING, COVERAGE, 0.7).apply(TUNING).tasks[name].abstained
    assert (~silent).mean(axis=0) == pytest.approx(0.7, abs=0.006)


@pytest.mark.parametrize("name", ["mortality", "findings", "phenotype"])
def test_wanted_precision_is_reached_on_tuning(name: str) -> None:
    after = fitted(TUNING, PRECISION, 0.85).apply(TUNING).tasks[name]
    for view in decision_views(after, after):
        assert 1 - view.wrong[view.kept].mean() >= 0.85 and view.kept.any()


def test_least_confident_are_silent() -> None:
    after = fitted(TUNING, COVERAGE, 0.5).apply(TUNING).tasks["mortality"]
    (view,) = decision_views(after, after)
    assert view.confidence[~view.kept].max() < view.confidence[view.kept].min()


def test_regression_and_survival_are_never_silent() -> None:
    after = fitted(TUNING, COVERAGE, 0.5).apply(OTHER)
    assert after.tasks["stay"].abstained is after.tasks["survival"].abstained is None


def test_precision_out_of_reach_silences_everything_and_is_recorded() -> None:
    task = TUNING.tasks["mortality"]
    wrong = relabelled(TUNING, "mortality", (task.score < 0.5).astype(float))
    wrong = replace(wrong, tasks={"mortality": wrong.tasks["mortality"]})
    made = fitted(wrong, PRECISION, 1.0)
    assert made.tasks["mortality"]["mortality"].state is CutState.NOT_REACHED
    assert made.apply(simulated(20, tasks=("mortality",))).tasks["mortality"].abstained.all()


def test_class_without_tuning_labels_is_never_silent_and_is_recorded() -> None:
    label = TUNING.tasks["findings"].label.copy()
    label[:, 1] = np.nan
    made = fitted(relabelled(TUNING, "findings", label), COVERAGE, 0.5)
    assert made.tasks["findings"]["pneumonia"].state is CutState.NO_LABELS
    silent = made.apply(OTHER).tasks["findings"].abstained
    assert not silent[:, 1].any() and silent[:, 0].any()


def test_score_that_is_nan_is_silent() -> None:
    task = OTHER.tasks["mortality"]
    score = np.where(np.arange(200)[:, None] == 0, np.nan, task.score)
    broken = replace(OTHER, tasks={**OTHER.tasks, "mortality": replace(task, score=score)})
    assert (
        fitted(TUNING, COVERAGE, 1.0).apply(broken).tasks["mortality"].abstained.ravel().tolist()
        == [True] + [False] * 199
    )


def test_stored_rule_is_taken_again_until_the_wish_weights_or_calibration_change(folder: Path) -> None:
    first = abstention_of(TUNING, folder, COVERAGE, 0.7, calibration=None)
    assert abstention_of(None, folder, COVERAGE, 0.7, calibration=None) == first
    assert stored_abstention(folder, COVERAGE, 0.7, None) == first
    calibration = fit_calibration(TUNING, Method.VECTOR, {"model": "0"})
    for wish in ((PRECISION, 0.7, None), (COVERAGE, 0.8, None), (COVERAGE, 0.7, calibration)):
        with pytest.raises(InputRejected, match=r"ABSTENTION_MISSING.*coverage at 0\.7"):
            stored_abstention(folder, *wish)
    assert abstention_of(OTHER, folder, COVERAGE, 0.7, calibration=None, refit=True) != first
    write_checked_text(folder / "model.safetensors", "trained again")
    with pytest.raises(InputRejected, match="ABSTENTION_MISSING.*got none"):
        stored_abstention(folder, COVERAGE, 0.7, None)
    with pytest.raises(InputRejected, match="TUNING_MISSING"):
        abstention_of(None, folder, COVERAGE, 0.7, calibration=None)


def test_what_is_stored_silences_the_same_decisions(folder: Path) -> None:
    made = abstention_of(TUNING, folder, COVERAGE, 0.6, calibration=None)
    read = stored_abstention(folder, COVERAGE, 0.6, None)
    for name in ("mortality", "findings", "phenotype"):  # the classes of findings stand in no alphabetical order
        after = [rule.apply(OTHER).tasks[name].abstained for rule in (made, read)]
        np.testing.assert_array_equal(*after)


def test_nothing_wanted_is_nothing_and_unknown_is_refused(folder: Path) -> None:
    assert parse_by(None) is None and parse_by("precision") is PRECISION
    assert abstention_of(TUNING, folder, None, 0.8, calibration=None) is None
    assert stored_abstention(folder, None, 0.8, None) is None
    with pytest.raises(InputRejected, match=r"ABSTAIN_UNKNOWN.*recall"):
        parse_by("recall")
    with pytest.raises(InputRejected, match="COVERAGE_INVALID"):
        abstention_of(TUNING, folder, COVERAGE, 80, calibration=None)
    assert not (folder / "abstention.json").exists()


def test_task_that_it_was_not_chosen_for_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"ABSTENTION_MISFIT.*mortality"):
        fitted(simulated(40, tasks=("stay",)), COVERAGE, 0.5).apply(OTHER)
