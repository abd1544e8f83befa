from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from monai_app.benchmark.attribution_summary import (
    ALL_CASES,
    AUROC,
    CALLED,
    EVERY,
    ON_FILM,
    PRECISION_AT_K,
    case_means,
    case_table,
    feature_rankings,
)

TELLING = np.array([True, False, True, False, False])


def _row(**told: object) -> dict[str, object]:
    base = {"model": "m", "label": "a", "subject_id": 1, "probability": 0.5, "called": True, "modality": "film"}
    base |= {"method": "occlusion", "baseline": "mean film", "processing": "as it stands", "measure": "hit"}
    return base | {"value": 1.0, "chance": 0.1, "centre": 0.0} | told


def _worth(matrix: np.ndarray) -> list[dict[str, object]]:
    return [
        _row(modality="series", measure="worth", feature=f"c{k}", value=float(value), subject_id=subject)
        for subject, row in enumerate(matrix)
        for k, value in enumerate(row)
    ]


def test_means_by_label_and_condition_with_controls() -> None:
    rows = [_row(subject_id=k, value=float(k % 2), called=k < 2, label="ab"[k % 2]) for k in range(6)]
    found = pl.DataFrame(case_means(case_table(rows), resamples=50))
    whole = found.filter((pl.col("label") == EVERY) & (pl.col("condition") == ALL_CASES)).row(0, named=True)
    assert (whole["value"], whole["n"], whole["chance"]) == (0.5, 6, pytest.approx(0.1))
    assert whole["low"] <= 0.5 <= whole["high"]
    called = found.filter((pl.col("label") == EVERY) & (pl.col("condition") == CALLED)).row(0, named=True)
    assert called["n"] == 2
    assert found.filter((pl.col("label") == "b") & (pl.col("condition") == ALL_CASES))["value"].to_list() == [1.0]


def test_labels_on_film_are_also_taken_together() -> None:
    rows = [_row(label=label, subject_id=k, value=float(k)) for k, label in enumerate("abc")]
    found = pl.DataFrame(case_means(case_table(rows), on_film={"b", "c"}, resamples=0))
    assert found.filter((pl.col("label") == ON_FILM) & (pl.col("condition") == CALLED))["value"].to_list() == [1.5]


def test_patients_are_counted_once_however_many_maps_they_have() -> None:
    rows = [_row(subject_id=1, label=label) for label in "abc"]
    whole = [row for row in case_means(case_table(rows), resamples=10) if row["label"] == EVERY]
    assert {(row["n"], row["maps"]) for row in whole} == {(1, 3)}


def test_attribution_on_the_telling_features_ranks_perfectly() -> None:
    random = np.random.default_rng(0)
    matrix = random.random((8, 5)) + 2 * TELLING
    for row in feature_rankings(case_table(_worth(matrix)), {("series", "a"): TELLING}, resamples=50):
        assert (row["value"], row["low"], row["high"]) == (1.0, 1.0, 1.0)
        assert row["chance"] == {AUROC: 0.5, PRECISION_AT_K: pytest.approx(0.4)}[row["measure"]]


def test_random_attribution_ranks_by_chance_and_the_opposite_below() -> None:
    random = np.random.default_rng(1)
    telling = {("series", "a"): np.arange(200) < 80}
    rows = feature_rankings(case_table(_worth(random.random((3, 200)))), telling, resamples=0)
    assert rows[0]["value"] == pytest.approx(0.5, abs=0.1)
    worst = feature_rankings(case_table(_worth(np.tile(np.arange(200.0), (2, 1)))), telling, resamples=0)
    assert worst[0]["value"] == 0.0


def test_labels_without_telling_features_are_left_out() -> None:
    cases = case_table(_worth(np.ones((2, 5))))
    assert feature_rankings(cases, {("series", "a"): np.zeros(5, bool)}, resamples=0) == []
