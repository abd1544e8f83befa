"""Parts of the samples: each is measured on its own, and too small ones are counted, not scored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_app.engines.breakdown import mean_weights, measure_groups, measure_patterns
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.classification import auroc
from monai_app.metrics.subgroups import MIN_SAMPLES
from tests.engines.simulated import simulated

TEST = simulated(200, tasks=("mortality", "stay"))
DRAWS = PatientBootstrap(TEST.subject_id, resamples=5)


def test_patterns_divide_the_samples() -> None:
    rows = measure_patterns(TEST, DRAWS)
    assert sum(row["n"] for row in rows) == 200 and len(rows) == len(np.unique(TEST.present, axis=0))


def test_part_is_measured_as_if_it_stood_alone() -> None:
    with_film = TEST.present[:, 0]
    row = next(row for row in measure_patterns(TEST, DRAWS) if row["n"] == with_film.sum())
    task = TEST.tasks["mortality"]
    expected = auroc(task.label[with_film, 0], task.score[with_film, 0])
    assert row["tasks"]["mortality"]["metrics"]["auroc"]["value"] == pytest.approx(expected)


def test_small_part_is_counted_and_not_scored() -> None:
    few = np.array(["rare"] * (MIN_SAMPLES - 1) + ["usual"] * (200 - MIN_SAMPLES + 1))
    rows = {row["name"]: row for row in measure_groups(replace(TEST, groups={"site": few}), DRAWS)["site"]}
    assert rows["rare"]["tasks"]["stay"]["n"] == MIN_SAMPLES - 1
    assert set(rows["rare"]["tasks"]["stay"]["metrics"].values()) == {None}
    assert rows["usual"]["tasks"]["stay"]["metrics"]["mae"]["value"] is not None


def test_weights_are_averaged_by_pattern_where_the_model_gives_them() -> None:
    rows = mean_weights(TEST)
    assert rows is not None
    assert all(sum(row["weights"].values()) == pytest.approx(1) for row in rows)
    assert mean_weights(replace(TEST, weights=None)) is None
