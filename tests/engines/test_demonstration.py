"""The comparison of the demonstration: leading measures beside what a simulator knows to be possible."""

from __future__ import annotations

from typing import Any

from monai_app.engines.demonstration import Outcome, outcome_figure, system_outcomes

ESTIMATE = {"value": 0.8, "low": 0.7, "high": 0.9}
METRICS: dict[str, Any] = {
    "tasks": {
        "mortality": {"headline": {"auroc": ESTIMATE, "auprc": ESTIMATE}, "classes": {"mortality": {}}},
        "diagnosis": {"headline": {"auroc": ESTIMATE}, "classes": {"a": {}, "b": {}, "rare": {}}},
        "stay": {"headline": {"mae": ESTIMATE, "r2": {"value": None, "low": None, "high": None}}},
    }
}
BEST = {
    "mortality": {"auroc_present_modalities": 0.9},
    "a": {"auroc_present_modalities": 0.8},
    "b": {"auroc_present_modalities": 1.0},
    "rare": {"auroc_present_modalities": None},
}


def test_the_best_of_a_multilabel_task_is_the_mean_over_its_defined_classes() -> None:
    outcomes = {outcome.task: outcome for outcome in system_outcomes("early", METRICS, BEST)}
    assert outcomes["mortality"].best == 0.9
    assert outcomes["diagnosis"].best == 0.9
    assert outcomes["stay"] == Outcome("stay", "r2", "early", None, None, None, None)


def test_an_undefined_measure_is_left_out_of_the_plot() -> None:
    figure = outcome_figure(system_outcomes("early", METRICS, BEST))
    assert [len(axes.containers) for axes in figure.axes] == [1, 1, 0]
