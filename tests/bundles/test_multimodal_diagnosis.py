"""The shipped bundle, as its users run it: every workflow and overlay on a small phantom cohort."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from monai.transforms import Randomizable

from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, config_files, find_bundle, open_workflow, run_workflow, workflows
from monai_app.engines.bundle_lint import lint_bundle
from monai_app.engines.identity import identity
from monai_app.engines.predictions import Predictions
from monai_app.engines.verify import verify_bundle
from monai_app.phantom.cohort import write_phantom
from tests.single_threaded import single_threaded

__all__ = ["single_threaded"]

BUNDLE = resource("bundles", "multimodal_diagnosis")
OVERLAYS = ["fusion_attention", "smoke"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=24, seed=0)
    return folder


@pytest.fixture(scope="module")
def trained(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the README's training command was run, from a working directory of its own; and its output."""
    folder = tmp_path_factory.mktemp("elsewhere")
    command = [sys.executable, "-m", "monai.bundle", "run", "training"]
    command += ["--meta_file", str(BUNDLE / "configs" / "metadata.json")]
    command += ["--config_file", str(config_files(BUNDLE, Workflow.TRAIN, OVERLAYS))]
    command += ["--cohort_dir", str(cohort), "--train#trainer#max_epochs", "2", "--tracking", "mlflow"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, done.stdout + done.stderr


def test_the_bundle_has_no_finding() -> None:
    assert list(map(str, lint_bundle(BUNDLE))) == []


def test_every_workflow_of_every_fusion_verifies(cohort: Path) -> None:
    checks = verify_bundle(BUNDLE, cohort_dir=cohort)
    assert {check.name: check.faults for check in checks if check.faults} == {}
    assert len(checks) > 20


def test_training_evaluation_and_inference_preprocess_alike(cohort: Path, trained: tuple[Path, str]) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(trained[0] / "runs/attention")}
    settings |= {"model_dir": settings["output_dir"]}
    parsers = [open_workflow(BUNDLE, kind, overlays=OVERLAYS, settings=settings).parser for kind in workflows(BUNDLE)]
    train, *others = (parser.get_parsed_content("preprocessing") for parser in parsers)
    assert len(others) == 3 and all(identity(other) == identity(train) for other in others)
    assert len(train.transforms) == 3
    added = parsers[0].get_parsed_content("train::preprocessing").transforms
    assert added[0] is train and all(isinstance(step, Randomizable) for step in added[1:])
    for parser, name in zip(parsers, ("validate::preprocessing", "dataset", "dataset", "dataset"), strict=True):
        found = parser.get_parsed_content(name)
        assert identity(getattr(found, "transform", found)) == identity(train)


def test_the_training_command_works_from_anywhere(trained: tuple[Path, str]) -> None:
    folder, shown = trained
    out = folder / "runs" / "attention"
    names = {path.name for path in out.iterdir()}
    assert {"model.safetensors", "model.safetensors.sha256", "spec.json", "tokenizer", "train_log.jsonl"} <= names
    assert {"checkpoints", "tensorboard", "precision.json"} <= names
    assert [json.loads(line)["epoch"] for line in (out / "train_log.jsonl").read_text().splitlines()] == [1, 2]
    assert "subject" not in shown


def test_evaluation_and_inference_follow(cohort: Path, trained: tuple[Path, str]) -> None:
    folder, _ = trained
    model = folder / "runs" / "attention"
    shared = {"cohort_dir": str(cohort), "model_dir": str(model), "calibration": "temperature", "abstain": "coverage"}
    shared["novelty"] = 0.99
    evaluate = {**shared, "output_dir": str(model), "bootstrap": 20}
    run_workflow(open_workflow(BUNDLE, Workflow.EVALUATE, overlays=OVERLAYS, settings=evaluate))
    report = model / "evaluation"
    assert {path.name for path in report.iterdir()} >= {"metrics.json", "predictions.parquet", "report.html"}
    assert (model / "posthoc.json").is_file() and (model / "abstention.json").is_file()
    assert (model / "novelty.json").is_file() and (model / "novelty.safetensors").is_file()
    predict = {**shared, "output_dir": str(folder / "predicted")}
    run_workflow(open_workflow(BUNDLE, Workflow.INFERENCE, overlays=OVERLAYS, settings=predict))
    held_out = Predictions.read(report / "predictions.parquet")
    everyone = Predictions.read(folder / "predicted" / "predictions.parquet")
    assert set(held_out.subject_id) < set(everyone.subject_id)
    assert any(task.abstained is not None for task in everyone.tasks.values())
    assert everyone.out_of_distribution is not None
    assert everyone.modalities == ("film", "series", "table", "note")


@pytest.mark.parametrize("workflow", [Workflow.EVALUATE, Workflow.INFERENCE])
def test_trees_have_nothing_to_observe_with(workflow: Workflow, cohort: Path, tmp_path: Path) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path), "novelty": 0.99}
    parser = open_workflow(BUNDLE, workflow, overlays=["fusion_haim"], settings=settings).parser
    assert parser.get_parsed_content("observer") is None


def test_unknown_settings_and_overlays_are_refused(cohort: Path) -> None:
    with pytest.raises(InputRejected, match=r"OVERLAY_UNKNOWN.*attention"):
        open_workflow(BUNDLE, Workflow.TRAIN, overlays=["fusion_magic"])
    with pytest.raises(InputRejected, match="SETTING_UNKNOWN"):
        open_workflow(BUNDLE, Workflow.TRAIN, settings={"trainer::max_epochs": 2})
    with pytest.raises(InputRejected, match=r"BUNDLE_MISSING.*multimodal_diagnosis"):
        find_bundle("no_such_bundle")


def test_errors_keep_their_type_below_monai(tmp_path: Path) -> None:
    opened = open_workflow(BUNDLE, Workflow.TRAIN, settings={"cohort_dir": str(tmp_path)})
    with pytest.raises(InputRejected, match="COHORT_MISSING"):
        run_workflow(opened)


def test_mlflow_tracks_loss_and_validation(trained: tuple[Path, str]) -> None:
    with sqlite3.connect(trained[0] / "runs" / "attention" / "mlruns.db") as database:
        keys = {key for (key,) in database.execute("select distinct key from metrics")}
    assert {"train_loss", "key_score"} <= keys
