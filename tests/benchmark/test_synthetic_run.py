"""The benchmark of synthetic films end to end on tiny networks: steps, starts, splits, files, and going on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from monai_app.benchmark.synthetic_arms import Arm, Plan, settings_of, trainings
from monai_app.benchmark.synthetic_run import PAGE_NAME, RESULTS_NAME, benchmark_synthetic
from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_weights, read_json
from monai_app.engines.build import cohort_spec, model_items
from monai_app.engines.bundle import Workflow, find_bundle, open_workflow
from monai_app.engines.generation.synthesis import Request, synthesize
from monai_app.engines.predictions import Predictions
from tests.engines.generation.test_synthesis import Noise
from tests.generate.synthetic.crowd import write_crowd


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("synthetic")
    write_crowd(folder / "real")
    synthesize(folder / "real", folder / "made", Request(40, 1), draw=Noise())
    small = {"film_size_px": 64, "width": 16, "batch_size": 4}
    return Plan(
        "cxr_classification",
        folder / "real",
        folder / "made",
        folder / "out",
        ["diagnosis"],
        system="densenet_narrow",
        overlays=("smoke",),
        steps=4,
        every=2,
        settings=small,
    )


@pytest.fixture(scope="module")
def found(plan: Plan) -> dict[str, Any]:
    return benchmark_synthetic(plan, seeds=1, resamples=20)


def test_every_arm_has_taken_the_same_steps(found: dict[str, Any]) -> None:
    assert {name: arm["steps"] for name, arm in found["arms"].items()} == {arm.value: [4] for arm in Arm}
    assert all(0 < arm["steps_of_best"][0] <= 4 for arm in found["arms"].values())


def test_all_arms_are_judged_on_the_held_out_patients_of_the_real_cohort(plan: Plan, found: dict[str, Any]) -> None:
    spec = cohort_spec(plan.cohort_dir, ["diagnosis"], ["film"], film_size_px=64)
    real = [item["subject_id"] for item in model_items(plan.cohort_dir, "held_out", spec)]
    for arm in Arm:
        judged = Predictions.read(trainings(plan, arm, 0)[-1].folder / "held_out.parquet")
        assert judged.subject_id.tolist() == real
    assert found["judged"]["n"] == len(real) and found["judged"]["split"] == "held_out"
    positives = found["judged"]["positives"]
    assert positives[found["label"]] == min(count for count in positives.values() if count)


def test_the_pretrained_arm_starts_from_the_synthetic_weights(plan: Plan, found: dict[str, Any]) -> None:
    before, after = trainings(plan, Arm.PRETRAINED, 0)
    settings = settings_of(plan, after, 0)
    starts = []
    for chosen in (settings, {**settings, "pretrained": None}):
        opened = open_workflow(find_bundle(plan.bundle), Workflow.TRAIN, overlays=plan.all_overlays, settings=chosen)
        starts.append(opened.parser.get_parsed_content("started").state_dict())
    synthetic = load_weights(before.folder / "model.safetensors")
    encoder = [name for name in synthetic if name.startswith("encoders.film.") and "weight" in name]
    assert len(encoder) > 10 and all(torch.equal(starts[0][name], synthetic[name]) for name in encoder)
    assert not all(torch.equal(starts[1][name], synthetic[name]) for name in encoder)


def test_results_and_page_are_written_and_not_overwritten(plan: Plan, found: dict[str, Any]) -> None:
    kept = read_json(plan.out / RESULTS_NAME)
    assert kept["minus_real"]["both"]["macro"]["auroc"] == found["minus_real"]["both"]["macro"]["auroc"]
    assert "Are the synthetic films useful?" in (plan.out / PAGE_NAME).read_text()
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        benchmark_synthetic(plan, seeds=1)


def test_what_is_trained_is_kept_and_seeds_can_be_added(
    plan: Plan, found: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "monai_app.benchmark.synthetic_training.open_workflow", lambda *_, **__: opened.append("") or 1 / 0
    )
    again = benchmark_synthetic(plan, seeds=1, resamples=20, force=True)
    assert not opened and again["arms"] == found["arms"]
    with pytest.raises(ZeroDivisionError):
        benchmark_synthetic(plan, seeds=2, resamples=20, force=True)


@pytest.mark.parametrize(
    ("change", "options", "code"),
    [
        ({}, {"split": "train"}, "SPLIT_UNKNOWN"),
        ({"label": "fracture"}, {}, "LABEL_UNKNOWN"),
        ({"steps": 3}, {}, "STEPS_UNEVEN"),
        ({"real_patients": 1000}, {}, "REAL_TOO_FEW"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    plan: Plan, found: dict[str, Any], change: dict[str, Any], options: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputRejected, match=code):
        benchmark_synthetic(replace(plan, **change), arms=[Arm.REAL], seeds=1, force=True, **options)
