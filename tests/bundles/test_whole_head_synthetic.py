"""The overlay whole_head_synthetic as its users run it, with small heads: maps in, images synthesised, labels out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import polars as pl
import pytest
import torch
from monai.transforms import Randomizable

from monai_app.core.resources import resource
from monai_app.dicom.volume import Volume
from monai_app.engines.bundle import Workflow, open_workflow, run_workflow
from monai_app.engines.identity import identity
from monai_app.engines.model_folder import write_model
from monai_app.engines.volumes.lean import open_lean
from monai_app.engines.volumes.synthetic_heads import list_heads, write_synthetic_heads
from monai_app.inference.segment import segment_volume
from monai_app.transforms.volume.head_structures import HEAD_STRUCTURES, structure_names
from tests.single_threaded import single_threaded

__all__ = ["single_threaded"]

BUNDLE = resource("bundles", "mri_segmentation")
OVERLAY = "whole_head_synthetic"
TRAINING = [OVERLAY, f"{OVERLAY}_train"]
SMALL = {"max_epochs": 1, "draws": 1, "val_interval": 1, "patch": [32, 32, 32]} | {
    "network_def::network::channels": [4, 4, 8, 8, 8]
}


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six maps of every structure in slabs, within a skull, and their lists."""
    folder = tmp_path_factory.mktemp("heads")
    first_labels = [labels[0] for labels in HEAD_STRUCTURES.values()][1:]
    for number in range(6):
        labels = np.zeros((20, 26, 22), np.int16)
        labels[2:-2, 2:-2, 2:-2] = 507
        for place, label in enumerate(first_labels):
            labels[4:-4, 3 + 2 * place : 5 + 2 * place, 4:-4] = label
        nibabel.save(nibabel.Nifti1Image(labels, np.diag([2.0, 2, 2, 1])), folder / f"head_{number}.nii.gz")
    list_heads(folder, folder / "whole_head.json")
    write_synthetic_heads(folder / "whole_head.json", folder / "images", draws=1)
    return folder


@pytest.fixture(scope="module")
def trained(heads: Path) -> dict[str, Any]:
    """Settings of a folder with a model of one epoch."""
    run = {"output_dir": str(heads / "run"), "model_dir": str(heads / "run")}
    settings = SMALL | run | {"datalist": str(heads / "whole_head.json")}
    run_workflow(open_workflow(BUNDLE, Workflow.TRAIN, overlays=TRAINING, settings=settings))
    return settings


def test_training_leaves_a_model_of_every_structure(heads: Path, trained: dict[str, Any]) -> None:
    assert (heads / "run" / "model.safetensors.sha256").is_file()
    train = open_workflow(BUNDLE, Workflow.TRAIN, overlays=TRAINING, settings=trained).parser
    spec = train.get_parsed_content("spec")
    assert list(spec.structures) == structure_names() and spec.spacing_mm == (2.0, 2.0, 2.0)
    sample = train.get_parsed_content("train::dataset")[0]
    assert sample["image"].shape == sample["label"].shape == (1, 32, 32, 32)
    assert 0 <= sample["image"].min() < sample["image"].max() <= 1
    assert set(torch.unique(sample["label"]).tolist()) <= set(range(len(HEAD_STRUCTURES)))


def test_every_epoch_has_other_heads_and_validation_always_the_same(trained: dict[str, Any]) -> None:
    train = open_workflow(BUNDLE, Workflow.TRAIN, overlays=TRAINING, settings=trained).parser
    heads, tuning = (train.get_parsed_content(f"{name}::dataset") for name in ("train", "validate"))
    assert not torch.equal(heads[(0, 0)]["image"], heads[(1, 0)]["image"])
    assert torch.equal(tuning[0]["image"], tuning[0]["image"])
    assert not torch.equal(tuning[0]["image"], tuning[len(tuning) // 2]["image"])  # the same map, drawn again


def test_evaluation_and_inference_take_images_as_they_are(heads: Path, trained: dict[str, Any]) -> None:
    settings = trained | {"datalist": str(heads / "images" / "dataset.json")}
    evaluate, inference = (
        open_workflow(BUNDLE, kind, overlays=[OVERLAY], settings=settings).parser
        for kind in (Workflow.EVALUATE, Workflow.INFERENCE)
    )
    steps = evaluate.get_parsed_content("preprocessing")
    assert identity(steps) == identity(inference.get_parsed_content("preprocessing"))
    assert not any(isinstance(step, Randomizable) for step in steps.flatten().transforms)
    few = settings | {"bootstrap": 10, "draws": 1}
    run_workflow(open_workflow(BUNDLE, Workflow.EVALUATE, overlays=[OVERLAY], settings=few))
    cases = pl.read_csv(heads / "run" / "evaluation" / "cases.csv")
    assert cases.height == 2 * len(structure_names())


def test_labels_of_a_finer_image_lie_on_its_own_grid(heads: Path, trained: dict[str, Any]) -> None:
    fine = np.random.default_rng(0).normal(100, 10, (33, 31, 30)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(fine, np.diag([1.2, 1.0, 1.0, 1])), heads / "fine.nii.gz")
    (heads / "fine.json").write_text('{"test": ["fine.nii.gz"]}')
    settings = trained | {"datalist": str(heads / "fine.json"), "output_dir": str(heads / "out"), "draws": 1}
    run_workflow(open_workflow(BUNDLE, Workflow.INFERENCE, overlays=[OVERLAY], settings=settings))
    (labels,) = (heads / "out").glob("*/labels.nii.gz")
    assert nibabel.load(labels).shape == fine.shape


def test_lean_inference_runs_the_same_network(heads: Path, trained: dict[str, Any], tmp_path: Path) -> None:
    """The shipped width, untrained, and a volume whose windows would not fit by eights."""
    settings = trained | {"network_def::network::channels": [32, 64, 128, 256, 320]}
    train = open_workflow(BUNDLE, Workflow.TRAIN, overlays=TRAINING, settings=settings).parser
    write_model(tmp_path, train.get_parsed_content("network_def"), train.get_parsed_content("spec"))
    opened = open_lean(str(BUNDLE), model_dir=tmp_path, overlays=[OVERLAY])
    assert opened.model.classes == tuple(HEAD_STRUCTURES) and opened.model.spacing_mm == (2.0, 2.0, 2.0)
    fine = np.random.default_rng(0).normal(100, 10, (60, 66, 32)).astype(np.float32)
    volume = Volume(fine, np.diag([1.2, 1.0, 2.0, 1]))
    assert segment_volume(volume, opened.model).labels.shape == fine.shape
