"""Shortcut figures: nothing moves between equal predictions, and a model of the projection is caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_app.benchmark.shortcuts import projection_results, twin_results, write_twins
from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.engines.predictions import Predictions
from monai_app.phantom.examination import FilmExamination
from monai_app.phantom.marker import Lead
from monai_app.phantom.patient import draw_patient
from tests.engines.simulated import simulated

TEST = simulated(240, tasks=("mortality", "findings", "phenotype", "stay"))


def moved(predictions: Predictions, change: float) -> Predictions:
    task = predictions.tasks["mortality"]
    return replace(predictions, tasks={**predictions.tasks, "mortality": replace(task, score=task.score + change)})


def test_equal_predictions_move_by_nothing() -> None:
    rows = twin_results({"own": TEST, "none": TEST}, resamples=50)
    assert {row["label"] for row in rows} == {"mortality", "oedema", "pneumonia", "fracture"}
    assert all(row["moved_most"] == 0 and row["decisions_changed"] == 0 for row in rows)
    assert all(row["auroc_change"] == {"value": 0, "low": 0, "high": 0} for row in rows)


def test_a_shift_moves_probabilities_and_no_auroc() -> None:
    rows = twin_results({"own": TEST, "swapped": moved(TEST, 0.25)}, resamples=50)
    (row,) = (row for row in rows if row["condition"] == "swapped" and row["label"] == "mortality")
    assert row["moved_mean"] == pytest.approx(0.25) == pytest.approx(row["moved_p95"])
    assert row["auroc_change"]["value"] == pytest.approx(0, abs=1e-9) and row["decisions_changed"] > 0


def test_a_model_that_reads_the_projection_only_is_chance_within_each() -> None:
    random = numpy_generator("tests/shortcuts")
    task = TEST.tasks["mortality"]
    sick = task.label[:, 0] == 1
    bedside = np.where(random.random(240) < 0.85, sick, ~sick)
    reader = replace(TEST, tasks={"mortality": replace(task, score=bedside[:, None] * 0.5 + 0.2)})
    (row,) = projection_results(reader, ["AP" if near else "PA" for near in bedside], resamples=50)
    assert row["model"]["value"] == row["projection_alone"]["value"] > 0.8
    assert row["model_bedside"]["value"] == row["model_department"]["value"] == 0.5
    assert row["samples_bedside"] + row["samples_department"] == row["samples"] == 240


def test_twins_are_written_and_another_seed_is_refused(tmp_path: Path) -> None:
    patient = next(p for p in (draw_patient(3, number) for number in range(20)) if "film" in p.present)
    (content,) = FilmExamination(patient).render().images.values()
    film = tmp_path / "film.dcm"
    film.write_bytes(content)
    item = {"subject_id": patient.subject_id, "film": str(film), "film_present": True}
    twins = write_twins([item], tmp_path / "twins", seed=3)
    assert set(twins) == set(Lead) and Path(twins[Lead.OWN][0]["film"]).read_bytes() == content
    assert Path(twins[Lead.NONE][0]["film"]).read_bytes() != content
    with pytest.raises(InputRejected, match="SEED_MISFIT"):
        write_twins([item], tmp_path / "others", seed=4)
