"""One arm: a killed training goes on to the same weights, and what is judged is the split that was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.benchmark.synthetic_arms import Arm, Plan, trainings
from monai_app.benchmark.synthetic_training import run_arm
from monai_app.engines.generation.synthesis import Request, synthesize
from monai_app.engines.trainer import MultimodalTrainer
from tests.engines.generation.test_synthesis import Noise
from tests.generate.synthetic.crowd import write_crowd


def test_a_killed_arm_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_crowd(tmp_path / "real")
    synthesize(tmp_path / "real", tmp_path / "made", Request(30, 1), draw=Noise())
    small = {"film_size_px": 64, "width": 16, "batch_size": 4}

    def plan(name: str) -> Plan:
        places = (tmp_path / "real", tmp_path / "made", tmp_path / name)
        return Plan("cxr_classification", *places, ["diagnosis"], "densenet_narrow", steps=4, every=2, settings=small)

    whole = run_arm(plan("whole"), Arm.BOTH, 0, split="tuning")
    save = MultimodalTrainer._save

    def save_and_die(trainer: MultimodalTrainer) -> None:
        save(trainer)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MultimodalTrainer, "_save", save_and_die)
        with pytest.raises(KeyboardInterrupt):
            run_arm(plan("cut"), Arm.BOTH, 0, split="tuning")
    cut = run_arm(plan("cut"), Arm.BOTH, 0, split="tuning")
    first, second = (trainings(plan(name), Arm.BOTH, 0)[0].folder / "model.safetensors" for name in ("whole", "cut"))
    assert first.read_bytes() == second.read_bytes()
    assert (whole.steps, whole.best) == (cut.steps, cut.best)
    assert whole.predictions.subject_id.tolist() == cut.predictions.subject_id.tolist()
    assert not (first.parent / "held_out.parquet").exists()
