"""The numbers of a set of predictions, against cases computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monai_app.benchmark.scoring import CALIBRATION, MEAN, score
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.engines.predictions import Predictions, TaskPredictions
from tests.engines.simulated import simulated


def predictions(scores: Any, labels: Any, *classes: str) -> Predictions:
    kind = TaskKind.MULTILABEL if classes else TaskKind.BINARY
    spec = TaskSpec(name="death", kind=kind, classes=classes)
    task = TaskPredictions(spec, np.array(scores, float), np.array(labels, float))
    n = len(task.score)
    return Predictions(np.arange(n), np.arange(n), ("film",), np.ones((n, 1), bool), {"death": task})


def values(test: Predictions, scaled: Predictions | None = None) -> dict[tuple[str, str], float | None]:
    return {(row.label, row.metric): row.value for row in score(test, test, scaled)}


SCORES, LABELS = [[0.9], [0.2], [0.4], [0.45], [0.8]], [[1], [0], [1], [0], [1]]


def test_error_is_at_a_half_and_the_least_certain_fifth_is_rejected() -> None:
    found = values(predictions(SCORES, LABELS))
    assert found["death", "error"] == pytest.approx(1 / 5)
    assert found["death", "error_kept"] == pytest.approx(1 / 4)
    assert found["death", "auroc"] == pytest.approx(5 / 6)
    assert found["death", "brier"] == pytest.approx((0.01 + 0.04 + 0.36 + 0.2025 + 0.04) / 5)


def test_the_mean_is_over_classes_and_leaves_the_undefined_out() -> None:
    scores = [[row[0], 0.3, 1 - row[0]] for row in SCORES]
    found = values(predictions(scores, [[row[0], 0, row[0]] for row in LABELS], "a", "b", "c"))
    assert (found["a", "auroc"], found["b", "auroc"], found["c", "auroc"]) == pytest.approx((5 / 6, None, 1 / 6))
    assert found[MEAN, "auroc"] == pytest.approx(0.5)
    assert found[MEAN, "error"] == pytest.approx((1 / 5 + 0 + 4 / 5) / 3)


def test_one_class_only_is_none_and_never_a_number() -> None:
    found = values(predictions(SCORES, [[0]] * 5))
    assert found["death", "auroc"] is None and found[MEAN, "auroc"] is None
    assert found[MEAN, "error"] == pytest.approx(2 / 5)


def test_scaling_adds_calibration_and_changes_nothing_else() -> None:
    test = predictions(SCORES, LABELS)
    plain, both = values(test), values(test, predictions([[1.0], [0.0], [1.0], [0.0], [1.0]], LABELS))
    assert {key: both[key] for key in plain} == plain
    assert {metric for _, metric in set(both) - set(plain)} == {f"{metric}_scaled" for metric in CALIBRATION}
    assert both[MEAN, "brier_scaled"] == 0


def test_only_classification_is_scored() -> None:
    assert {row.task for row in score(simulated(), simulated())} == {"mortality", "findings", "phenotype"}
