"""A study by itself is predicted as within its cohort, with a map of each label and the weight of each modality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.store import Cohort
from monai_app.cohort.study_cohort import StudyFilm, write_study_cohort
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, open_workflow, run_workflow, system_overlays
from monai_app.engines.diagnosing import open_diagnosis
from monai_app.engines.model_folder import write_model
from monai_app.engines.predictions import Predictions
from monai_app.inference.diagnosis import DiagnosisModel
from monai_app.phantom.cohort import write_phantom

BUNDLE = resource("bundles", "multimodal_diagnosis")
OVERLAYS = system_overlays(BUNDLE, "draf")
TINY = {"film_size_px": 64, "encoders::film": "statistics", "encoders::series": "statistics"}
TINY |= {"note_encoder": "bag", "width": 16}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=12, seed=0)
    return folder


@pytest.fixture(scope="module")
def opened(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[DiagnosisModel, Predictions]:
    """An untrained network, and what `predict` says with it of the whole cohort."""
    folder = tmp_path_factory.mktemp("model")
    settings = {"cohort_dir": str(cohort), "output_dir": str(folder), **TINY}
    parser = open_workflow(BUNDLE, Workflow.TRAIN, overlays=OVERLAYS, settings=settings).parser
    write_model(folder, parser.get_parsed_content("network"), parser.get_parsed_content("spec"))
    predicting = {"cohort_dir": str(cohort), "model_dir": str(folder), "output_dir": str(folder / "out"), **TINY}
    run_workflow(open_workflow(BUNDLE, Workflow.INFERENCE, overlays=OVERLAYS, settings=predicting))
    predictions = Predictions.read(folder / "out" / "predictions.parquet")
    model = open_diagnosis(
        str(BUNDLE),
        overlays=OVERLAYS,
        model_dir=folder,
        settings=TINY,
        tasks=["diagnosis", "mortality"],
        method="occlusion",
    )
    return model, predictions


def study(cohort: Path, out: Path, subject: int, model: DiagnosisModel, *, events: bool) -> Path:
    whole = Cohort(cohort)
    labels = whole.labels("mortality").filter(subject_id=subject)
    moment = labels["prediction_time"][0]
    known = (pl.col("subject_id") == subject) & (pl.col("time").is_null() | (pl.col("time") <= moment))
    told = whole.events().filter(known).drop("subject_id").collect()
    image = whole.images().filter((pl.col("subject_id") == subject) & (pl.col("time") <= moment)).sort("time")
    film = StudyFilm(whole.image_path(image["path"][-1]), image["modality"][-1], image["view"][-1])
    return write_study_cohort(out, model.spec, moment=moment, events=told if events else None, film=film)


def test_a_study_is_predicted_as_in_its_cohort(
    cohort: Path, opened: tuple[DiagnosisModel, Predictions], tmp_path: Path
) -> None:
    model, predictions = opened
    subject = int(predictions.subject_id[predictions.present[:, 0]][0])
    row = int(np.flatnonzero(predictions.subject_id == subject)[0])
    found = model.diagnose(study(cohort, tmp_path / "s", subject, model, events=True), (40, 32))
    expected = [*predictions.tasks["diagnosis"].score[row], *predictions.tasks["mortality"].score[row]]
    assert [label.probability for label in found.labels] == pytest.approx(expected, abs=1e-5)
    assert [told.present for told in found.modalities] == predictions.present[row].tolist()
    assert predictions.weights is not None
    assert [told.weight for told in found.modalities] == pytest.approx(predictions.weights[row].tolist(), abs=1e-5)
    assert [one.label for one in found.maps] == [label.name for label in found.labels]
    assert {one.values.shape for one in found.maps} == {(40, 32)}


def test_a_film_without_a_record_is_a_study_too(
    cohort: Path, opened: tuple[DiagnosisModel, Predictions], tmp_path: Path
) -> None:
    model, predictions = opened
    subject = int(predictions.subject_id[predictions.present[:, 0]][0])
    found = model.diagnose(study(cohort, tmp_path / "s", subject, model, events=False), None)
    assert [told.name for told in found.modalities if told.present] == ["film"] and not found.maps


def test_a_task_that_the_model_has_not_is_refused(opened: tuple[DiagnosisModel, Predictions], tmp_path: Path) -> None:
    del opened, tmp_path
    with pytest.raises(InputRejected, match="TASK_UNKNOWN"):
        open_diagnosis("cxr_classification", overlays=["encoder_densenet_narrow"], tasks=["weather"])
