"""The bundle of volumes as its users run it: every workflow and overlay on simulated CT."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import torch
from scipy.stats import spearmanr

from monai_app.cohort.volume_items import volume_items
from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, open_workflow, run_workflow, typed_errors
from monai_app.engines.bundle_lint import lint_bundle
from monai_app.engines.identity import identity
from monai_app.engines.model_folder import write_model
from monai_app.engines.verify import check_metadata
from monai_app.engines.volumes.classification import trained_classification_spec
from monai_app.phantom.volume_list import write_volume_list
from tests.bundles.process_group import group_of_one
from tests.single_threaded import single_threaded

__all__ = ["single_threaded"]

BUNDLE = resource("bundles", "volume_classification")


@pytest.fixture(scope="module")
def datalist(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("volumes") / "list"
    write_volume_list(folder, patients=80, seed=1, voxel_mm=16)
    return str(folder / "dataset.json")


@pytest.fixture(scope="module")
def trained(datalist: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was trained for an epoch."""
    folder = tmp_path_factory.mktemp("trained")
    settings = {"datalist": datalist, "output_dir": str(folder), "cache_dir": str(folder / "cache")}
    run_workflow(open_workflow(BUNDLE, Workflow.TRAIN, overlays=["smoke"], settings=settings))
    return folder


def test_the_bundle_has_no_finding_and_its_metadata_fits() -> None:
    assert list(map(str, lint_bundle(BUNDLE))) == []
    assert check_metadata(BUNDLE).faults == ()


@pytest.mark.parametrize("overlays", [[], ["network_densenet121"], ["hippocampus"]])
def test_every_workflow_of_every_overlay_opens(overlays: list[str], datalist: str, tmp_path: Path) -> None:
    settings = {"datalist": datalist, "output_dir": str(tmp_path), "model_dir": str(tmp_path)}
    training = open_workflow(BUNDLE, Workflow.TRAIN, overlays=[*overlays, "smoke"], settings=settings)
    with typed_errors():
        assert not training.check_properties()
        network, spec = (training.parser.get_parsed_content(name) for name in ("network", "spec"))
        write_model(tmp_path, network, spec)
        for workflow in (Workflow.EVALUATE, Workflow.INFERENCE, Workflow.EXPLAIN):
            opened = open_workflow(BUNDLE, workflow, overlays=[*overlays, "smoke"], settings=settings)
            assert not opened.check_properties()
            assert identity(opened.parser.get_parsed_content("preprocessing")) == identity(
                training.parser.get_parsed_content("preprocessing")
            )


def test_the_overlay_for_several_processes_trains_a_wrapped_network(datalist: str, tmp_path: Path) -> None:
    settings = {"datalist": datalist, "output_dir": str(tmp_path)}
    with group_of_one():
        opened = open_workflow(BUNDLE, Workflow.TRAIN, overlays=["smoke", "multi_gpu_train"], settings=settings)
        assert isinstance(opened.parser.get_parsed_content("network"), torch.nn.parallel.DistributedDataParallel)


def test_evaluation_and_inference_follow(datalist: str, trained: Path, tmp_path: Path) -> None:
    shared = {"datalist": datalist, "model_dir": str(trained), "novelty": 0.9}
    report = {**shared, "output_dir": str(trained), "bootstrap": 20}
    metrics = run_workflow(open_workflow(BUNDLE, Workflow.EVALUATE, overlays=["smoke"], settings=report))[-1]
    assert set(metrics["tasks"]) == {"lesion", "lesion_size"} and metrics["modalities"] == {
        "volume": metrics["samples"]
    }
    predict = {**shared, "output_dir": str(tmp_path)}
    written = run_workflow(open_workflow(BUNDLE, Workflow.INFERENCE, overlays=["smoke"], settings=predict))[-1]
    assert written["samples"] == 80 and Path(written["preview"]).is_file()
    table = pl.read_csv(tmp_path / "predictions.csv")
    assert set(table["label"]) == {"value", "up to 20 mL", "20 to 200 mL", "over 200 mL"}
    assert (table["spread"] > 0).all()


def test_the_shipped_weights_tell_how_much_lesion_there_is_in_volumes_of_another_seed(tmp_path: Path) -> None:
    write_volume_list(tmp_path / "list", patients=16, seed=77, voxel_mm=8)
    settings = {"datalist": str(tmp_path / "list" / "dataset.json"), "output_dir": str(tmp_path / "out")}
    run_workflow(open_workflow(BUNDLE, Workflow.INFERENCE, settings=settings))
    items = volume_items(settings["datalist"], None, trained_classification_spec(str(BUNDLE / "models")))
    truth = pl.DataFrame([{"subject_id": item["subject_id"], "size": item["label_lesion_size"][0]} for item in items])
    told = pl.read_csv(tmp_path / "out" / "predictions.csv").filter(pl.col("label") == "over 200 mL")
    both = truth.join(told, on="subject_id")
    assert both.height == 16 and spearmanr(both["size"], both["score"]).statistic > 0.3
    assert (BUNDLE / "models" / "model.safetensors").stat().st_size < 25e6
