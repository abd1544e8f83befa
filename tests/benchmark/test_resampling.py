"""Intervals over patients, paired between systems."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.benchmark.resampling import bootstrapped
from monai_app.engines.predictions import Predictions
from monai_app.metrics.classification import auroc
from tests.engines.simulated import relabelled, simulated

TASK = ("mortality",)
FIRST = simulated(seed=0, tasks=TASK)
SECOND = simulated(seed=1, tasks=TASK)


def of(predictions: Predictions) -> float:
    task = predictions.tasks["mortality"]
    value = auroc(task.label[:, 0], task.score[:, 0])
    assert value is not None
    return value


def test_a_system_differs_from_itself_by_exactly_nothing() -> None:
    found = bootstrapped({("early", 0): FIRST, ("twin", 0): FIRST}, "auroc", reference="early", resamples=30)
    for _, difference in found.values():
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert found["early"][0] == found["twin"][0]
    low, high = found["early"][0].low, found["early"][0].high
    assert low is not None and high is not None and low < of(FIRST) < high


def test_seeds_are_averaged() -> None:
    by_seed = {("early", 0): FIRST, ("early", 1): SECOND, ("other", 0): FIRST, ("other", 1): FIRST}
    found = bootstrapped(by_seed, "auroc", reference="early", resamples=0)
    assert found["early"][0].value == pytest.approx((of(FIRST) + of(SECOND)) / 2)
    assert found["other"][1].value == pytest.approx((of(FIRST) - of(SECOND)) / 2)


def test_without_the_reference_or_with_one_class_there_is_no_difference() -> None:
    healthy = relabelled(FIRST, "mortality", np.zeros((len(FIRST), 1)))
    alone = bootstrapped({("late", 0): FIRST}, "auroc", reference="early", resamples=5)
    undefined = bootstrapped({("early", 0): healthy}, "auroc", reference="early", resamples=5)
    assert alone["late"][1].value is None and alone["late"][0].value is not None
    assert [estimate.value for estimate in undefined["early"]] == [None, None]
