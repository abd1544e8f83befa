"""The generative bundle as its users run it: both stages, inference and evaluation on a small phantom cohort."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_weights, read_json, weights_notes
from monai_app.core.resources import resource
from monai_app.engines.build import cohort_spec
from monai_app.engines.bundle import Workflow, open_workflow, run_workflow, typed_errors, workflows
from monai_app.engines.bundle_lint import lint_bundle
from monai_app.engines.generation.build import film_items
from monai_app.engines.generation.membership import diffusion_membership
from monai_app.engines.generation.synthesis import Request, synthesize
from monai_app.engines.generation.synthetic_films import BundleDraw
from monai_app.engines.identity import identity
from monai_app.engines.private import vouched
from monai_app.engines.verify import check_metadata
from monai_app.generate.privacy.budget import Budget
from monai_app.generate.privacy.statement import PrivacyStatement
from monai_app.generate.synthetic.gate import Detail
from monai_app.phantom.cohort import write_phantom
from monai_app.phantom.volume_list import write_volume_list
from tests.bundles.process_group import group_of_one
from tests.single_threaded import single_threaded

__all__ = ["single_threaded"]

BUNDLE = resource("bundles", "ehr_conditioned_diffusion")
STAGES = (Workflow.TRAIN_AUTOENCODER, Workflow.TRAIN_DIFFUSION)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=64, seed=0, pixel_scale=6)
    return folder


def settings(cohort: Path, folder: Path, stage: Workflow) -> dict[str, Any]:
    out = folder / "autoencoder" if stage is STAGES[0] else folder
    return {"cohort_dir": str(cohort), "output_dir": str(out), "autoencoder_dir": str(folder / "autoencoder")}


def run(workflow: Workflow, asked: dict[str, Any], overlays: Sequence[str] = ("smoke",)) -> Any:
    """The result of a workflow's last step."""
    return run_workflow(open_workflow(BUNDLE, workflow, overlays=list(overlays), settings=asked))[-1]


@pytest.fixture(scope="module")
def trained(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both networks after an epoch each."""
    folder = tmp_path_factory.mktemp("trained")
    for stage in STAGES:
        run(stage, settings(cohort, folder, stage))
    return folder


def test_the_bundle_has_no_finding_and_its_metadata_fits() -> None:
    assert list(map(str, lint_bundle(BUNDLE))) == []
    assert check_metadata(BUNDLE).faults == ()
    assert workflows(BUNDLE) == (*STAGES, Workflow.EVALUATE, Workflow.INFERENCE)


def test_both_stages_leave_a_model_and_the_scale_is_in_it(cohort: Path, trained: Path) -> None:
    weights = load_weights(trained / "model.safetensors")
    assert float(weights["latent_std"]) > 0 and weights["latent_mean"].shape == (4,)
    assert read_json(trained / "spec.json")["ranges"]["age"][0] >= 18
    for stage in STAGES:
        opened = open_workflow(BUNDLE, stage, overlays=["smoke"], settings=settings(cohort, trained, stage))
        with typed_errors():
            assert not opened.check_properties()


def test_a_resumed_training_ends_in_the_same_weights(cohort: Path, trained: Path, tmp_path: Path) -> None:
    stage = Workflow.TRAIN_DIFFUSION
    chosen = settings(cohort, trained, stage) | {"max_epochs": 2}
    for folder, stops in (("whole", (2,)), ("parts", (1, 2))):
        for epochs in stops:
            asked = {**chosen, "output_dir": str(tmp_path / folder)}
            opened = open_workflow(BUNDLE, stage, overlays=["smoke"], settings=asked)
            trainer = opened.parser.get_parsed_content("train::trainer")
            if epochs == 1:  # killed after an epoch
                trainer.add_event_handler(
                    "EPOCH_COMPLETED", lambda engine: engine.terminate() if engine.state.epoch == 1 else None
                )
            trainer.run()
    whole, parts = (load_weights(tmp_path / folder / "model.safetensors") for folder in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


@pytest.mark.parametrize("overlay", ["film128", "film256", "process_diffusion", "ddl_cxr"])
def test_overlays_of_films_build(overlay: str, cohort: Path, trained: Path, tmp_path: Path) -> None:
    asked = settings(cohort, trained, STAGES[1]) | {"output_dir": str(tmp_path)}
    parser = open_workflow(BUNDLE, Workflow.TRAIN_DIFFUSION, overlays=[overlay], settings=asked).parser
    network, size = (parser.get_parsed_content(name) for name in ("network_def", "film_size_px"))
    shape = parser.get_parsed_content("latent_shape")
    assert parser.get_parsed_content("autoencoder_def").shrink * shape[1] == size
    assert network.previous == (overlay == "ddl_cxr")
    if overlay == "ddl_cxr":
        assert parser.get_parsed_content("contrast_shape") == [network.condition.ehr_tokens, network.condition.width]


@pytest.mark.parametrize("overlays", [["volume", "ct64"], ["volume", "mr64"], ["volume", "ct64", "volume96"]])
def test_overlays_of_volumes_build(overlays: list[str], tmp_path: Path) -> None:
    asked = {"output_dir": str(tmp_path), "datalist": str(tmp_path / "none.json")}
    parser = open_workflow(BUNDLE, Workflow.TRAIN_DIFFUSION, overlays=overlays, settings=asked).parser
    network, autoencoder = (parser.get_parsed_content(name) for name in ("network_def", "autoencoder_def"))
    shape, voxels = (parser.get_parsed_content(name) for name in ("latent_shape", "shape"))
    assert autoencoder.spatial_dims == 3 and [side * autoencoder.shrink for side in shape[1:]] == voxels
    assert network.condition.ehr_tokens == 0 and len(network.condition.columns) == 4


def test_volumes_are_trained_on_and_drawn(tmp_path: Path) -> None:
    write_volume_list(tmp_path / "list", patients=14, seed=1, voxel_mm=16)
    shared = {
        "datalist": str(tmp_path / "list" / "dataset.json"),
        "spacing_mm": [25.0, 25.0, 25.0],
        "shape": [16, 16, 16],
        "latent_shape": [4, 4, 4, 4],
        "autoencoder_dir": str(tmp_path / "autoencoder"),
    }
    volumes = ["volume", "ct64", "smoke"]
    run(STAGES[0], {**shared, "output_dir": str(tmp_path / "autoencoder")}, volumes)
    run(STAGES[1], {**shared, "output_dir": str(tmp_path)}, volumes)
    asked = {
        "model_dir": str(tmp_path),
        "output_dir": str(tmp_path / "out"),
        "split": "train",
        "cases": 1,
        "samples": 1,
    }
    assert run(Workflow.INFERENCE, {**shared, **asked}, volumes)["cases"] == 1
    assert (tmp_path / "out" / "case0000_00.nii.gz").is_file()


def test_inference_and_evaluation_follow(cohort: Path, trained: Path, tmp_path: Path) -> None:
    asked = {
        "cohort_dir": str(cohort),
        "model_dir": str(trained),
        "output_dir": str(tmp_path / "out"),
        "samples": 2,
        "cases": 3,
    }
    drawn = []
    for seed in (0, 0, 1):
        opened = open_workflow(
            BUNDLE, Workflow.INFERENCE, overlays=["smoke"], settings=asked | {"seed": seed, "force": True}
        )
        assert not opened.check_properties()
        written = run_workflow(opened)[-1]
        drawn.append(np.load(io.BytesIO((tmp_path / "out" / "samples.npz").read_bytes()))["images"])
    assert written["cases"] == 3 and drawn[0].shape == (3, 2, 64, 64)
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], drawn[2])
    report = {"cohort_dir": str(cohort), "model_dir": str(trained), "output_dir": str(tmp_path), "resamples": 10}
    opened = open_workflow(BUNDLE, Workflow.EVALUATE, overlays=["smoke"], settings=report)
    assert not opened.check_properties()
    assert identity(opened.parser.get_parsed_content("image_preprocessing"))
    metrics = run_workflow(opened)[-1]
    assert metrics["likeness"]["generated"]["fid"] > metrics["likeness"]["real_floor"]["fid"] > 0
    assert (tmp_path / "evaluation" / "report.html").is_file()


def test_conditions_told_by_hand_are_checked_against_the_model(trained: Path, tmp_path: Path) -> None:
    asked = {"model_dir": str(trained), "output_dir": str(tmp_path / "out"), "samples": 1}
    told = {**asked, "fields": {"sex": "F", "age": 140, "pneumonia": 1}}
    assert run(Workflow.INFERENCE, told)["outside_training_range"] == 1
    with pytest.raises(InputRejected, match=r"CONDITION_UNKNOWN.*pneumothorax"):
        run(Workflow.INFERENCE, {**asked, "fields": {"cough": 1}})
    with pytest.raises(InputRejected, match="GUIDANCE_INVALID"):
        run(Workflow.INFERENCE, {**told, "guidance": 51.0})


def test_the_overlay_for_several_processes_trains_a_wrapped_network(
    cohort: Path, trained: Path, tmp_path: Path
) -> None:
    with group_of_one():
        asked = settings(cohort, trained, STAGES[1]) | {"output_dir": str(tmp_path)}
        opened = open_workflow(BUNDLE, STAGES[1], overlays=["smoke", "multi_gpu_train"], settings=asked)
        assert isinstance(opened.parser.get_parsed_content("network"), torch.nn.parallel.DistributedDataParallel)


def test_the_shipped_weights_draw_films_that_follow_what_is_told(tmp_path: Path) -> None:
    asked = {"output_dir": str(tmp_path / "out"), "samples": 12, "force": True}
    drawn = {}
    for name, fields in (("clear", {"pleural_effusion": 0}), ("effusion", {"pleural_effusion": 1}), ("free", {})):
        run_workflow(open_workflow(BUNDLE, Workflow.INFERENCE, settings={**asked, "fields": fields}))
        drawn[name] = np.load(io.BytesIO((tmp_path / "out" / "samples.npz").read_bytes()))["images"][0]
    assert drawn["free"].shape == (12, 64, 64) and float(drawn["free"].std(axis=0).mean()) > 0.02
    bases = {name: float(films[:, 36:48, 12:52].mean()) for name, films in drawn.items()}
    assert bases["effusion"] > bases["clear"]
    assert all(
        (BUNDLE / "models" / part).stat().st_size < 25e6
        for part in ("model.safetensors", "autoencoder/model.safetensors")
    )


@pytest.fixture(scope="module")
def private(cohort: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of a privately trained diffusion, and its settings."""
    folder = tmp_path_factory.mktemp("private")
    asked = {**settings(cohort, trained, STAGES[1]), "output_dir": str(folder), "delta": 1e-3, "batch_size": 8}
    with pytest.raises(InputRejected, match="DP_PRETRAINED.*public_autoencoder"):
        run(STAGES[1], asked, ["smoke", "dp"])
    asked |= {"public_autoencoder": True}
    for option, word in (("pretrained", "public_pretraining"), ("condition_dir", "public_condition")):
        with pytest.raises(InputRejected, match=f"DP_PRETRAINED.*{word}"):
            run(STAGES[1], {**asked, option: str(trained)}, ["smoke", "dp"])
    with pytest.raises(InputRejected, match="DP_UNNOISED.*note"):
        run(STAGES[1], {**asked, "modalities": ["film", "note"]}, ["smoke", "dp"])
    assert not (folder / "model.safetensors").exists()
    run(STAGES[1], asked, ["smoke", "dp"])
    return folder, asked


def test_a_private_diffusion_says_what_it_spent_and_counts_patients(
    cohort: Path, private: tuple[Path, dict[str, Any]]
) -> None:
    folder, _ = private
    statement = PrivacyStatement.of(folder)
    assert statement is not None and 6 < statement.epsilon <= 8 and statement.noise_seed == "secret"
    films = film_items(cohort, "train", cohort_spec(cohort))
    assert statement.patients == len({item["subject_id"] for item in films}) and len(statement.public_weights) == 1
    assert weights_notes(folder / "model.safetensors")["privacy"]["unit"] == "patient"
    assert read_json(folder / "spec.json")["ranges"] == {} and not (folder / "tokenizer").exists()


def test_a_spent_budget_is_not_spent_again(private: tuple[Path, dict[str, Any]]) -> None:
    _, asked = private
    with pytest.raises(InputRejected, match="BUDGET_SPENT"):
        run(STAGES[1], {**asked, "max_epochs": 9, "noise_multiplier": 0.9, "resume": "changed"}, ["smoke", "dp"])


def test_films_of_a_private_diffusion_are_drawn_within_its_budget(
    cohort: Path, private: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, asked = private
    draw = BundleDraw(BUNDLE.name, folder, ("smoke",), {"autoencoder_dir": asked["autoencoder_dir"]})
    for epsilon, code in ((8.0, None), (4.0, "BUDGET_EXCEEDED")):
        budget = Budget(epsilon, 1e-3)
        request = Request(5, prevalence={"pneumonia": 0.4}, detail=Detail.STATED, budget=budget)
        if code is None:
            assert synthesize(cohort, tmp_path / "made", request, draw=draw)["films"] == 5
        else:
            with pytest.raises(InputRejected, match=code):
                synthesize(cohort, tmp_path / "refused", request, draw=draw)


def test_a_private_autoencoder_needs_no_word_and_has_no_adversary(cohort: Path, tmp_path: Path) -> None:
    asked = settings(cohort, tmp_path, STAGES[0]) | {"delta": 1e-3, "batch_size": 16}
    with pytest.raises(InputRejected, match="DP_LOSS_LEARNS"):
        run(STAGES[0], {**asked, "adversarial_weight": 0.1}, ["smoke", "dp_autoencoder"])
    with pytest.raises(InputRejected, match="DP_PRETRAINED.*public_pretraining"):
        run(STAGES[0], {**asked, "pretrained": str(tmp_path)}, ["smoke", "dp_autoencoder"])
    run(STAGES[0], asked, ["smoke", "dp_autoencoder"])
    folder = tmp_path / "autoencoder"
    statement = PrivacyStatement.of(folder)
    assert statement is not None and 3 < statement.epsilon <= 4
    assert vouched(str(folder), public=False, option="public_autoencoder", private=True) == str(folder)


def test_membership_of_a_diffusion_is_asked_with_its_control(cohort: Path, trained: Path) -> None:
    found = diffusion_membership(
        BUNDLE.name, cohort, model_dir=trained, overlays=["smoke"], split="tuning", resamples=20
    )
    for name in ("denoising", "control"):
        assert found[name]["auroc"]["low"] <= found[name]["auroc"]["value"] <= found[name]["auroc"]["high"]
    assert found["denoising"]["members"] > found["denoising"]["others"] > 0 and len(found["times"]) == 5
