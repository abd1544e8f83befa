"""Scores over seeds and patients: exchanged arms exchange signs, equal arms differ by nothing, one seed is itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from monai_app.benchmark.synthetic_scores import MACRO, METRICS, over_seeds, rarest, scored
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.engines.predictions import Predictions, TaskPredictions
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.estimates import RANKING, Measured, measure

TASK = TaskSpec(name="diagnosis", kind=TaskKind.MULTILABEL, classes=("often", "rare"))
N = 120


def made(strength: float, seed: int) -> Predictions:
    """Scores that follow the labels more or less."""
    label = np.stack([np.arange(N) % 3 == 0, np.arange(N) % 15 == 0], axis=1).astype(np.float64)
    score = 1 / (1 + np.exp(-strength * label - np.random.default_rng(seed).normal(size=label.shape)))
    whole = np.ones((N, 1), dtype=bool)
    task = TaskPredictions(TASK, score, label)
    return Predictions(np.arange(N), np.zeros(N, np.int64), ("film",), whole, {"diagnosis": task})


def arm(strength: float, seeds: Sequence[int] = (0, 1, 2)) -> list[Predictions]:
    return [made(strength, seed) for seed in seeds]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("label", ["rare", MACRO])
def test_exchanged_arms_exchange_signs(metric: str, label: str) -> None:
    scores = scored({"a": arm(2.0), "b": arm(0.5)}, resamples=200)
    there, back = (scores.difference(*pair, label, metric) for pair in (("a", "b"), ("b", "a")))
    assert there.value == pytest.approx(-back.value) and there.value > 0  # type: ignore[operator]
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))  # type: ignore[operator]
    assert there.low < there.value < there.high  # type: ignore[operator]


def test_equal_arms_differ_by_nothing() -> None:
    found = scored({"a": arm(1.0), "b": arm(1.0)}, resamples=50).difference("a", "b", "rare", "auprc")
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_a_single_seed_is_the_bootstrap_over_patients() -> None:
    one = made(1.0, 4)
    found = scored({"a": [one]}, resamples=100).value("a", "often", "auroc")
    task, bootstrap = one.tasks["diagnosis"], PatientBootstrap(one.subject_id, resamples=100)
    rows = np.arange(N)
    plain = measure(RANKING["auroc"], task.label[:, 0], task.score[:, 0], rows=rows, bootstrap=bootstrap).estimate
    assert found == plain


def test_seeds_that_differ_widen_the_interval() -> None:
    flat = [Measured(value, np.full(500, value)) for value in (0.5, 0.6, 0.7)]
    found = over_seeds(flat).estimate
    assert found.value == pytest.approx(0.6) and found.low < 0.6 < found.high  # type: ignore[operator]
    same = over_seeds([flat[1]] * 3).estimate
    assert (same.low, same.high) == pytest.approx((0.6, 0.6))


def test_positives_are_counted_and_the_rarest_is_found() -> None:
    scores = scored({"a": arm(1.0)}, resamples=0)
    assert scores.positives == {"often": 40, "rare": 8} and scores.labelled == {"often": N, "rare": N}
    assert rarest(scores.positives) == "rare" and rarest({"none": 0, "some": 3}) == "some"
    assert len(scores.by_seed("a", "rare", "auroc")) == 3
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN"):
        rarest({"none": 0})


def test_what_is_undefined_on_a_seed_is_undefined() -> None:
    assert over_seeds([Measured(0.5, np.ones(3)), Measured(None)]).value is None
