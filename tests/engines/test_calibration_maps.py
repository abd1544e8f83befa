"""Calibration maps: the distortion that was put in is found, order never turns around, one class is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit, softmax

from monai_app.engines.calibration_maps import (
    ONE_CLASS,
    LabelMap,
    Method,
    TaskMap,
    apply_task_map,
    fit_task_map,
    label_names,
)
from monai_app.engines.predictions import TaskPredictions
from monai_app.metrics.calibration import ece, nll
from tests.engines.simulated import simulated

LARGE = simulated(3000, tasks=("mortality", "findings", "phenotype"))


def distorted(name: str, scale: float, bias: float = 0.0) -> TaskPredictions:
    """Roughly calibrated predictions with their logits multiplied and shifted."""
    task = LARGE.tasks[name]
    if name == "phenotype":
        return replace(task, score=softmax(scale * np.log(task.score), axis=1))
    return replace(task, score=expit(scale * logit(task.score) + bias))


def applied(task: TaskPredictions, fitted: TaskMap) -> TaskPredictions:
    return replace(task, score=apply_task_map(task.score, task.spec, fitted))


@pytest.mark.parametrize("name", ["mortality", "findings", "phenotype"])
def test_temperature_undoes_overconfidence(name: str) -> None:
    fitted = fit_task_map(distorted(name, 2.5), Method.TEMPERATURE)
    plain = fit_task_map(LARGE.tasks[name], Method.TEMPERATURE)
    assert plain.temperature == pytest.approx(1, abs=0.15)
    assert fitted.temperature == pytest.approx(2.5 * plain.temperature, rel=1e-3)
    np.testing.assert_allclose(
        applied(distorted(name, 2.5), fitted).score, applied(LARGE.tasks[name], plain).score, atol=1e-3
    )


def test_temperature_of_a_hand_case() -> None:
    label = np.array([[1.0], [1.0], [1.0], [0.0]])  # three of four right at a logit of two: the best logit is log 3
    task = TaskPredictions(LARGE.tasks["mortality"].spec, expit(np.full((4, 1), 2.0)), label)
    assert fit_task_map(task, Method.TEMPERATURE).temperature == pytest.approx(2 / np.log(3), rel=1e-4)


def test_vector_finds_scale_and_bias() -> None:
    label = fit_task_map(distorted("mortality", 2.0, 1.0), Method.VECTOR).labels["mortality"]
    assert label.scale == pytest.approx(0.5, abs=0.07) and label.bias == pytest.approx(-0.5, abs=0.15)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("name", ["mortality", "findings", "phenotype"])
def test_every_method_lowers_nll_on_tuning_and_gives_probabilities(method: Method, name: str) -> None:
    task = distorted(name, 3.0)
    after = applied(task, fit_task_map(task, method))
    assert after.score.min() >= 0 and after.score.max() <= 1
    label = task.label if name != "phenotype" else np.eye(3)[task.label[:, 0].astype(int)]
    assert nll(label.ravel(), after.score.ravel()) < nll(label.ravel(), task.score.ravel())
    if name == "phenotype":
        np.testing.assert_allclose(after.score.sum(axis=1), 1)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("scale", [3.0, -1.0])
def test_order_never_turns_around(method: Method, scale: float) -> None:
    task = distorted("mortality", scale)
    after = applied(task, fit_task_map(task, method)).score[:, 0]
    assert (np.diff(after[np.argsort(task.score[:, 0])]) >= 0).all()


def test_isotonic_is_calibrated_where_it_was_fitted() -> None:
    task = distorted("mortality", 3.0)
    after = applied(task, fit_task_map(task, Method.ISOTONIC))
    assert ece(task.label[:, 0], after.score[:, 0]) == pytest.approx(0, abs=1e-9)


def test_isotonic_steps_are_the_librarys() -> None:
    spec = LARGE.tasks["mortality"].spec
    task = TaskPredictions(spec, np.array([[0.1], [0.2], [0.3], [0.4]]), np.array([[0.0], [1], [0], [1]]))
    fitted = fit_task_map(task, Method.ISOTONIC)
    score = np.array([[0.0], [0.1], [0.25], [0.35], [0.9]])
    assert apply_task_map(score, spec, fitted).ravel() == pytest.approx([0, 0, 0.5, 0.75, 1])


@pytest.mark.parametrize("method", list(Method))
def test_label_of_one_class_is_left_alone_bit_for_bit(method: Method) -> None:
    task = LARGE.tasks["findings"]
    label = task.label.copy()
    label[:, 1] = 0
    fitted = fit_task_map(replace(task, label=label), method)
    assert fitted.left_alone == ["pneumonia"] and fitted.labels["pneumonia"].left_alone == ONE_CLASS
    np.testing.assert_array_equal(apply_task_map(task.score, task.spec, fitted)[:, 1], task.score[:, 1])


@pytest.mark.parametrize("method", list(Method))
def test_class_absent_from_tuning_stays_a_distribution(method: Method) -> None:
    task = LARGE.tasks["phenotype"]
    label = np.where(task.label == 2, 1, task.label)
    fitted = fit_task_map(replace(task, label=label), method)
    assert fitted.left_alone == ([] if method is Method.TEMPERATURE else ["other"])
    np.testing.assert_allclose(apply_task_map(task.score, task.spec, fitted).sum(axis=1), 1)
    alone = fit_task_map(replace(task, label=np.zeros_like(label)), method)
    assert apply_task_map(task.score, task.spec, alone) is task.score


def test_rows_without_a_step_above_zero_keep_their_scores() -> None:
    spec = LARGE.tasks["phenotype"].spec
    low = LabelMap(x=(0.0, 0.9, 1.0), y=(0.0, 0.0, 1.0))
    score = np.full((1, 3), 1 / 3)
    fitted = TaskMap(labels=dict.fromkeys(label_names(spec), low))
    np.testing.assert_array_equal(apply_task_map(score, spec, fitted), score)


@pytest.mark.parametrize("method", list(Method))
def test_unlabelled_samples_do_not_count_and_certainty_is_finite(method: Method) -> None:
    task = distorted("mortality", 3.0)
    label, score = task.label.copy(), task.score.copy()
    label[100:] = np.nan
    score[0], score[1] = 0, 1
    holes = fit_task_map(replace(task, label=label, score=score), method)
    assert holes == fit_task_map(TaskPredictions(task.spec, score[:100], label[:100]), method)
    assert np.isfinite(apply_task_map(score, task.spec, holes)).all()


@pytest.mark.parametrize("method", list(Method))
def test_score_that_is_nan_stays_nan(method: Method) -> None:
    for name in ("mortality", "phenotype"):
        task = LARGE.tasks[name]
        score = task.score[:2].copy()
        score[0] = np.nan
        after = apply_task_map(score, task.spec, fit_task_map(task, method))
        assert np.isnan(after[0]).all() and np.isfinite(after[1]).all()
