"""Curves: one a class, a band for a single class, and they survive labels of one kind."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from monai_app.engines.measurement import measure_task
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.report import curves
from monai_app.engines.views import ClassView, class_views
from monai_app.metrics.bootstrap import PatientBootstrap
from tests.engines.simulated import simulated

TEST = simulated(120)
DRAWS = PatientBootstrap(TEST.subject_id, resamples=10)


def views(name: str, *, constant: bool = False) -> tuple[list[ClassView], list[dict]]:
    task = TEST.tasks[name]
    label = np.zeros(task.label.shape) if constant else task.label
    made = TaskPredictions(task.spec, task.score, label)
    numbers = measure_task(made, None, DRAWS)
    return class_views(made, None), [values["metrics"] for values in numbers["classes"].values()]


def texts(figure: Figure) -> str:
    return " | ".join(text.get_text() for axes in figure.axes for text in axes.texts)


@pytest.mark.parametrize(("draw", "name"), [(curves.roc_figure, "AUROC"), (curves.precision_recall_figure, "AUPRC")])
def test_single_class_has_a_band_and_states_its_interval(draw, name) -> None:
    figure = draw(*views("mortality"), DRAWS)
    assert name in texts(figure) and "n = 120" in texts(figure)
    assert len(figure.axes[0].collections) == 1


@pytest.mark.parametrize("draw", [curves.roc_figure, curves.precision_recall_figure])
def test_several_classes_have_a_curve_each_and_no_band(draw) -> None:
    figure = draw(*views("findings"), DRAWS)
    assert len(figure.axes[0].collections) == 0
    assert len(figure.axes[0].get_legend_handles_labels()[1]) == 3


@pytest.mark.parametrize("draw", [curves.roc_figure, curves.precision_recall_figure])
def test_labels_of_one_kind_give_no_curve_and_no_error(draw) -> None:
    assert not draw(*views("mortality", constant=True), DRAWS).axes[0].get_legend_handles_labels()[1]


def test_calibration_lies_on_the_diagonal_of_a_calibrated_score() -> None:
    random = np.random.default_rng(0)
    score = random.random(20_000)
    label = (random.random(20_000) < score).astype(float)
    view = ClassView("x", np.arange(20_000), label, score, np.round(score), None)
    undefined = {"value": None, "low": None, "high": None}
    line = curves.calibration_figure(view, {"ece": undefined, "brier": undefined}).axes[0].lines[1]
    np.testing.assert_allclose(line.get_xdata(), line.get_ydata(), atol=0.04)


def test_scores_of_each_label_sum_to_a_hundred_percent() -> None:
    (view,), _ = views("mortality")
    heights = [patch.get_height() for patch in curves.histogram_figure(view).axes[0].patches]
    assert sum(heights) == pytest.approx(200)


def test_threshold_in_use_is_marked() -> None:
    (view,), _ = views("mortality")
    lines = curves.threshold_figure(view).axes[0].lines
    assert view.threshold is not None and list(lines[-1].get_xdata()) == [view.threshold.value] * 2
