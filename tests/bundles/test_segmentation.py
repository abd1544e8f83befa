"""The shipped segmentation bundles, as their users run them: every workflow and overlay on balls in noise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from monai.transforms import Randomizable

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, config_files, open_workflow, run_workflow, workflows
from monai_app.engines.bundle_lint import lint_bundle
from monai_app.engines.identity import identity
from monai_app.engines.verify import verify_bundle
from monai_app.engines.volumes.verify import balls_for
from tests.single_threaded import single_threaded

__all__ = ["single_threaded"]

NAMES = ["mri_segmentation", "ct_segmentation"]


def settings_of(bundle: Path, folder: Path, overlays: list[str]) -> dict[str, Any]:
    spec = open_workflow(bundle, Workflow.TRAIN, overlays=overlays).parser.get_parsed_content("spec")
    datalist = balls_for(spec, folder / "data")
    return {"datalist": str(datalist), "output_dir": str(folder / "run"), "model_dir": str(folder / "run")}


@pytest.mark.parametrize("name", NAMES)
def test_the_bundle_has_no_finding(name: str) -> None:
    assert list(map(str, lint_bundle(resource("bundles", name)))) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_workflow_of_every_network_verifies(name: str) -> None:
    checks = verify_bundle(resource("bundles", name))
    assert {check.name: check.faults for check in checks if check.faults} == {}
    assert len(checks) == 2 + 3 * 5


@pytest.mark.parametrize("name", NAMES)
def test_all_workflows_preprocess_alike(name: str, tmp_path: Path) -> None:
    bundle = resource("bundles", name)
    settings = settings_of(bundle, tmp_path, ["smoke"])
    train, evaluate, inference, explain = (
        open_workflow(bundle, kind, overlays=["smoke"], settings=settings).parser for kind in workflows(bundle)
    )
    (tmp_path / "run").mkdir()
    spec = train.get_parsed_content("spec")
    (tmp_path / "run" / "spec.json").write_text(spec.model_dump_json())
    steps = [parser.get_parsed_content("preprocessing") for parser in (train, evaluate, inference, explain)]
    assert len({identity(step) for step in steps}) == 1
    assert not any(isinstance(step, Randomizable) for step in steps[0].flatten().transforms)
    assert identity(train.get_parsed_content("validate::preprocessing")) == identity(steps[0])


@pytest.mark.parametrize(
    ("name", "overlays"),
    [
        ("ct_segmentation", ["smoke"]),
        ("mri_segmentation", ["sequences_brats", "smoke"]),
        ("mri_segmentation", ["sequences_ms", "network_segresnet", "smoke"]),
    ],
)
def test_two_steps_train_and_the_model_evaluates_and_predicts(name: str, overlays: list[str], tmp_path: Path) -> None:
    bundle = resource("bundles", name)
    settings = settings_of(bundle, tmp_path, overlays)
    run_workflow(open_workflow(bundle, Workflow.TRAIN, overlays=overlays, settings=settings))
    assert len((tmp_path / "run" / "train_log.jsonl").read_text().splitlines()) == 1
    few = {"bootstrap": 10, "draws": 1}
    metrics = run_workflow(open_workflow(bundle, Workflow.EVALUATE, overlays=overlays, settings={**settings, **few}))[
        -1
    ]
    report = tmp_path / "run" / "evaluation"
    assert {path.name for path in report.iterdir()} == {"cases.csv", "metrics.json", "report.html"}
    assert metrics["unfamiliar"] is None  # too few volumes to fit
    spec = SegmentationSpec.read(tmp_path / "run" / "spec.json")
    assert pl.read_csv(report / "cases.csv").height == len(spec.structures)
    predict = {**settings, "draws": 1, "output_dir": str(tmp_path / "predicted")}
    run_workflow(open_workflow(bundle, Workflow.INFERENCE, overlays=overlays, settings=predict))
    assert len(list((tmp_path / "predicted").glob("*/labels.nii.gz"))) == 4
    measured = pl.read_csv(tmp_path / "predicted" / "measurements.csv")
    assert measured.height == 4 * len(spec.structures) and measured["volume_ml"].min() >= 0
    assert "p0" not in (tmp_path / "predicted" / "measurements.csv").read_text()


def test_the_training_command_works_from_anywhere(tmp_path: Path) -> None:
    bundle = resource("bundles", "mri_segmentation")
    datalist = settings_of(bundle, tmp_path, ["smoke"])["datalist"]
    command = [sys.executable, "-m", "monai.bundle", "run", "training"]
    command += ["--meta_file", str(bundle / "configs" / "metadata.json")]
    command += ["--config_file", str(config_files(bundle, Workflow.TRAIN, ["smoke"])), "--datalist", datalist]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "runs" / "mri_segmentation" / "dynunet" / "model.safetensors.sha256").is_file()
    assert str(tmp_path / "data") not in done.stdout + done.stderr


def test_a_patient_in_two_splits_stops_before_training(tmp_path: Path) -> None:
    bundle = resource("bundles", "mri_segmentation")
    settings = settings_of(bundle, tmp_path, ["smoke"])
    sections = json.loads(Path(settings["datalist"]).read_text())
    sections["test"][0]["patient"] = sections["training"][0]["patient"]
    Path(settings["datalist"]).write_text(json.dumps(sections))
    with pytest.raises(InputRejected, match="SUBJECT_IN_TWO_SPLITS"):
        run_workflow(open_workflow(bundle, Workflow.TRAIN, overlays=["smoke"], settings=settings))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_weights_are_those_of_the_configuration(name: str) -> None:
    bundle = resource("bundles", name)
    settings = {"model_dir": str(bundle / "models"), "datalist": "none.json"}
    parser = open_workflow(bundle, Workflow.INFERENCE, settings=settings).parser
    network, spec = (parser.get_parsed_content(key) for key in ("network", "spec"))
    with torch.no_grad():
        scores = network(torch.zeros(1, spec.in_channels, *spec.patch))
    assert scores.shape == (1, spec.out_channels, *spec.patch)
    assert (bundle / "models" / "model.safetensors").stat().st_size < 25e6


@pytest.mark.parametrize(
    ("overlay", "pack", "files", "label"),
    [
        ("sequences_brats", "brats2015_subset", ["Flair_x200_int16", "T1c_x200_int16"], "OTMultiClass"),
        ("sequences_ms", "ms_lesion_mni", ["FLAIR", "T1", "T2", "T1POST"], "lesion"),
    ],
)
def test_real_brains_of_several_sequences_give_training_patches(
    overlay: str,
    pack: str,
    files: list[str],
    label: str,
    shared_data: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    patients = sorted(path for path in (shared_data("seg3d") / pack).iterdir() if path.is_dir())
    records = [
        {
            "image": [str(patient / f"{name}.nii.gz") for name in files],
            "label": str(patient / f"{label}.nii.gz"),
            "patient": patient.name,
        }
        for patient in patients[:2]
    ]
    datalist = tmp_path / "dataset.json"
    datalist.write_text(json.dumps({"training": records[:1], "validation": records[1:]}))
    opened = open_workflow(
        resource("bundles", "mri_segmentation"),
        Workflow.TRAIN,
        overlays=[overlay],
        settings={"datalist": str(datalist)},
    ).parser
    spec, sample = opened.get_parsed_content("spec"), opened.get_parsed_content("train::dataset")[0]
    assert spec.in_channels == len(files)
    assert sample["image"].shape == (len(files), *spec.patch) and bool(torch.isfinite(sample["image"]).all())
    assert sample["label"].shape == (1, *spec.patch) and int(sample["label"].max()) < spec.out_channels
    assert len({tuple(channel.flatten()[:500].tolist()) for channel in sample["image"]}) == len(files)
