"""Predictions as files: the same rows for machines and for people, with what they are not for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json, write_checked_text
from monai_app.engines.abstention import AbstainBy, abstention_of
from monai_app.engines.calibration_maps import Method
from monai_app.engines.novelty import flagged, novelty_of
from monai_app.engines.posthoc import calibration_of
from monai_app.engines.prediction_files import prediction_rows, write_model_predictions, write_prediction_files
from monai_app.engines.predictions import Predictions, TaskPredictions
from tests.engines.simulated import simulated
from tests.engines.test_novelty import Seen, sights

TEST = simulated(6)


def test_the_files_hold_the_same_samples(tmp_path: Path) -> None:
    assert write_prediction_files(TEST, tmp_path)["samples"] == 6
    written = read_json(tmp_path / "predictions.json")
    assert "Not for diagnosis" in written["notice"] and len(written["samples"]) == 6
    read = Predictions.read(tmp_path / "predictions.parquet")
    np.testing.assert_array_equal(read.tasks["mortality"].score, TEST.tasks["mortality"].score)


def test_row_names_modalities_classes_and_times() -> None:
    row = prediction_rows(TEST)[0]
    assert set(row["present"]) == set(row["modality_weights"]) == {"film", "series"}
    assert set(row["scores"]["phenotype"]) == {"septic", "cardiac", "other"}
    assert list(row["scores"]["survival"]) == ["alive_at_7", "alive_at_30", "alive_at_90"]
    assert row["prediction_time"] == "1970-01-01T00:00:00"


def test_model_without_weights_says_nothing_about_them() -> None:
    assert "modality_weights" not in prediction_rows(replace(TEST, weights=None))[0]


def test_score_that_is_not_finite_is_null() -> None:
    old = TEST.tasks["stay"]
    broken = TaskPredictions(old.spec, np.where(np.arange(6)[:, None] == 0, np.nan, old.score), old.label)
    rows = prediction_rows(replace(TEST, tasks={"stay": broken}))
    assert rows[0]["scores"]["stay"]["value"] is None and rows[1]["scores"]["stay"]["value"] is not None


def test_stored_calibration_is_applied_and_its_absence_refused(tmp_path: Path) -> None:
    write_checked_text(tmp_path / "model.safetensors", "weights")
    with pytest.raises(InputRejected, match="CALIBRATION_MISSING"):
        write_model_predictions(TEST, tmp_path / "out", model_dir=tmp_path, calibration="vector")
    assert not (tmp_path / "out").exists()
    fitted = calibration_of(simulated(80, seed=1), tmp_path, Method.VECTOR)
    for name, expected in {"vector": fitted.apply(TEST), "none": TEST}.items():
        write_model_predictions(TEST, tmp_path / name, model_dir=tmp_path, calibration=name)
        read = Predictions.read(tmp_path / name / "predictions.parquet")
        np.testing.assert_array_equal(read.tasks["mortality"].score, expected.tasks["mortality"].score)


def test_stored_abstention_stands_in_both_files_and_its_absence_is_refused(tmp_path: Path) -> None:
    write_checked_text(tmp_path / "model.safetensors", "weights")
    options = {"model_dir": tmp_path, "abstain": "coverage", "abstain_at": 0.5}
    with pytest.raises(InputRejected, match="ABSTENTION_MISSING"):
        write_model_predictions(TEST, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists() and "abstained" not in prediction_rows(TEST)[0]
    abstention_of(simulated(80, seed=1), tmp_path, AbstainBy.COVERAGE, 0.5, calibration=None)
    write_model_predictions(TEST, tmp_path / "out", **options)
    silent = Predictions.read(tmp_path / "out" / "predictions.parquet").tasks["mortality"].abstained
    rows = read_json(tmp_path / "out" / "predictions.json")["samples"]
    assert [row["abstained"]["mortality"]["value"] for row in rows] == silent[:, 0].tolist()
    assert set(rows[0]["abstained"]) == {"mortality", "findings", "phenotype"}


def test_unfamiliar_inputs_stand_in_both_files_and_the_absence_of_a_record_is_refused(tmp_path: Path) -> None:
    write_checked_text(tmp_path / "model.safetensors", "weights")
    seen = Seen(sights(6, 3, present=TEST.present[:, 0], shift=40))
    options = {"model_dir": tmp_path, "novelty": 0.99, "observer": seen}
    with pytest.raises(InputRejected, match="NOVELTY_MISSING"):
        write_model_predictions(TEST, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists() and "out_of_distribution" not in prediction_rows(TEST)[0]
    novelty_of(seen, tmp_path, 0.99, may_fit=True)
    write_model_predictions(TEST, tmp_path / "out", **options)
    read = Predictions.read(tmp_path / "out" / "predictions.parquet")
    rows = read_json(tmp_path / "out" / "predictions.json")["samples"]
    assert [row["out_of_distribution"]["film"] for row in rows] == TEST.present[:, 0].tolist()
    np.testing.assert_array_equal(read.out_of_distribution[:, 0], TEST.present[:, 0])
    assert all(row["abstained"]["stay"]["value"] for row in rows if row["out_of_distribution"]["film"])


def test_prediction_from_a_film_alone_shows_its_presence_pattern() -> None:
    alone = replace(TEST, present=np.tile([True, False], (6, 1)))
    row = prediction_rows(flagged(alone, np.zeros((6, 2), dtype=bool)))[0]
    assert row["present"] == {"film": True, "series": False}
    assert all(np.isfinite(value) for value in row["scores"]["mortality"].values())


def test_csv_has_a_row_a_score_with_what_was_asked_for(tmp_path: Path) -> None:
    task = TEST.tasks["findings"]
    spread = np.full_like(task.score, 0.125)
    shown = replace(TEST, tasks={"findings": replace(task, spread=spread), "survival": TEST.tasks["survival"]})
    flags = np.zeros((6, 2), dtype=bool)
    flags[:, 1] = True
    write_prediction_files(flagged(shown, flags), tmp_path)
    table = pl.read_csv(tmp_path / "predictions.csv")
    assert table.height == 6 * (3 + 3) and table["out_of_distribution"].all()
    found = table.filter(pl.col("task") == "findings")
    np.testing.assert_allclose(found["score"].to_numpy().reshape(6, 3), task.score)
    assert (found["spread"] == 0.125).all() and found["abstained"].all()
    assert table.filter(pl.col("task") == "survival")["spread"].is_null().all()


def test_rows_hold_the_spread_of_tasks_that_have_one() -> None:
    task = TEST.tasks["mortality"]
    rows = prediction_rows(replace(TEST, tasks={"mortality": replace(task, spread=0 * task.score + 0.5)}))
    assert rows[0]["spread"] == {"mortality": {"value": 0.5}} and "spread" not in prediction_rows(TEST)[0]
