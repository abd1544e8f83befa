"""The film bundle as its users run it: every workflow and system on a small phantom cohort."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import torch
from monai.transforms import Randomizable
from scipy.stats import spearmanr

from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_weights
from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, open_workflow, run_workflow, workflows
from monai_app.engines.bundle_lint import lint_bundle
from monai_app.engines.identity import identity
from monai_app.engines.predictions import Predictions
from monai_app.engines.verify import verify_bundle
from monai_app.generate.privacy.statement import PrivacyStatement
from monai_app.phantom.cohort import write_phantom
from tests.bundles.process_group import group_of_one
from tests.single_threaded import single_threaded

__all__ = ["single_threaded"]

BUNDLE = resource("bundles", "cxr_classification")
SHIPPED = "encoder_densenet_narrow"
OVERLAYS = ["encoder_resnet18", "smoke"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=32, seed=0, pixel_scale=3)
    return folder


@pytest.fixture(scope="module")
def trained(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was trained for an epoch."""
    folder = tmp_path_factory.mktemp("trained")
    settings = {"cohort_dir": str(cohort), "output_dir": str(folder), "corruption_prob": 0.5}
    run_workflow(open_workflow(BUNDLE, Workflow.TRAIN, overlays=OVERLAYS, settings=settings))
    return folder


def test_the_bundle_has_no_finding() -> None:
    assert list(map(str, lint_bundle(BUNDLE))) == []


def test_every_workflow_of_every_system_verifies(cohort: Path) -> None:
    checks = verify_bundle(BUNDLE, cohort_dir=cohort)
    assert {check.name: check.faults for check in checks if check.faults} == {}
    assert {check.name.partition(":")[0] for check in checks} >= {"lint", "metadata", "densenet121", "resnet18"}


def test_the_overlay_for_several_processes_trains_a_wrapped_network(cohort: Path, tmp_path: Path) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path)}
    with group_of_one():
        opened = open_workflow(BUNDLE, Workflow.TRAIN, overlays=[*OVERLAYS, "multi_gpu_train"], settings=settings)
        network, loader = (opened.parser.get_parsed_content(name) for name in ("network", "train::dataloader"))
        assert isinstance(network, torch.nn.parallel.DistributedDataParallel)
        assert loader.batch_sampler.world_size == 1


def test_training_evaluation_and_inference_preprocess_alike(cohort: Path, trained: Path) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(trained), "model_dir": str(trained)}
    parsers = [open_workflow(BUNDLE, kind, overlays=OVERLAYS, settings=settings).parser for kind in workflows(BUNDLE)]
    train, *others = (parser.get_parsed_content("preprocessing") for parser in parsers)
    assert len(others) == 3 and all(identity(other) == identity(train) for other in others)
    added = parsers[0].get_parsed_content("train::preprocessing").flatten().transforms[len(train.transforms) :]
    assert len(added) == 3 and all(isinstance(step, Randomizable) for step in added)


def test_evaluation_and_inference_follow(cohort: Path, trained: Path, tmp_path: Path) -> None:
    shared = {"cohort_dir": str(cohort), "model_dir": str(trained), "calibration": "temperature", "novelty": 0.99}
    report = {**shared, "output_dir": str(trained), "bootstrap": 20}
    metrics = run_workflow(open_workflow(BUNDLE, Workflow.EVALUATE, overlays=OVERLAYS, settings=report))[-1]
    assert metrics["modalities"] == {"film": metrics["samples"]} and "diagnosis" in metrics["tasks"]
    predict = {**shared, "output_dir": str(tmp_path)}
    written = run_workflow(open_workflow(BUNDLE, Workflow.INFERENCE, overlays=OVERLAYS, settings=predict))[-1]
    assert {path.name for path in tmp_path.iterdir()} == {
        "predictions.parquet", "predictions.json", "predictions.csv", "preview.png"
    }  # fmt: skip
    table = pl.read_csv(tmp_path / "predictions.csv")
    found = table.filter(pl.col("label") == "pneumonia")
    assert found.height == written["samples"] and (found["spread"] > 0).all()
    assert found["out_of_distribution"].null_count() == 0
    assert Predictions.read(tmp_path / "predictions.parquet").tasks["diagnosis"].spread is not None


def test_the_control_of_a_comparison_sees_a_table_and_no_film(cohort: Path, tmp_path: Path) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path), "modalities": ["table"]}
    parser = open_workflow(BUNDLE, Workflow.TRAIN, overlays=OVERLAYS, settings=settings).parser
    assert set(parser.get_parsed_content("network").encoders) == {"table"}
    parser.get_parsed_content("train::trainer").run()
    assert (tmp_path / "model.safetensors").is_file()


def test_a_pretraining_gives_a_training_its_encoder(cohort: Path, tmp_path: Path) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path / "pretrained")}
    run_workflow(open_workflow(BUNDLE, Workflow.TRAIN, overlays=[SHIPPED, "smoke", "pretrain"], settings=settings))
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path), "pretrained": str(tmp_path / "pretrained")}
    training = open_workflow(BUNDLE, Workflow.TRAIN, overlays=[SHIPPED, "smoke"], settings=settings).parser
    weights = load_weights(tmp_path / "pretrained" / "model.safetensors")
    encoder = training.get_parsed_content("network").encoders["film"].state_dict()
    assert encoder and all(torch.equal(value, weights[f"encoders.film.{name}"]) for name, value in encoder.items())
    assert "pretrained" in training.get_parsed_content("train::trainer").identity()


def test_a_private_training_keeps_its_budget_and_says_so_in_its_evaluation(cohort: Path, tmp_path: Path) -> None:
    overlays = ["encoder_densenet_narrow_group", "smoke"]
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path), "model_dir": str(tmp_path), "bootstrap": 20}
    private = {**settings, "batch_size": 4, "epsilon": 3.0, "delta": 1e-3, "noise_seed": 0, "tasks": ["diagnosis"]}
    run_workflow(open_workflow(BUNDLE, Workflow.TRAIN, overlays=[*overlays, "dp"], settings=private))
    statement = PrivacyStatement.of(tmp_path)
    assert statement is not None and 2 < statement.epsilon <= 3 and statement.steps > 1
    evaluation = {**settings, "tasks": ["diagnosis"]}
    metrics = run_workflow(open_workflow(BUNDLE, Workflow.EVALUATE, overlays=overlays, settings=evaluation))[-1]
    assert metrics["privacy"]["epsilon"] == statement.epsilon
    with pytest.raises(InputRejected, match="DP_UNNOISED"):
        run_workflow(
            open_workflow(BUNDLE, Workflow.EVALUATE, overlays=overlays, settings={**evaluation, "novelty": 0.99})
        )


def test_batch_normalisation_is_refused_in_a_private_training(cohort: Path, tmp_path: Path) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path), "delta": 1e-3}
    with pytest.raises(InputRejected, match="DP_BATCH_STATISTICS"):
        run_workflow(open_workflow(BUNDLE, Workflow.TRAIN, overlays=[SHIPPED, "smoke", "dp"], settings=settings))
    assert not list(tmp_path.iterdir())


def test_the_shipped_weights_read_effusions_on_films_they_have_not_seen(cohort: Path, tmp_path: Path) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path)}
    run_workflow(open_workflow(BUNDLE, Workflow.INFERENCE, overlays=[SHIPPED], settings=settings))
    told = pl.read_csv(tmp_path / "predictions.csv").filter(pl.col("label") == "pleural_effusion")
    truth = pl.read_parquet(cohort / "latents.parquet").join(told, on="subject_id")
    assert truth.height > 20 and spearmanr(truth["score"], truth["z_film_effusion"]).statistic > 0.3
    assert (BUNDLE / "models" / "model.safetensors").stat().st_size < 25e6
