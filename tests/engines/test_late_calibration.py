from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

from monai_app.cohort.normalisation import fit_statistics
from monai_app.core.errors import InputRejected
from monai_app.engines.build import seeded_network, with_statistics
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.late_calibration import calibrate_late_fusion
from monai_app.engines.model_folder import load_model, write_model
from monai_app.losses import MultitaskLoss
from monai_app.networks import EarlyFusion, LateFusion
from tests.engines.tiny import SPEC, WIDTH, tiny_encoders, tiny_items

CPU = torch.device("cpu")


def evaluator(fusion: type) -> MultimodalEvaluator:
    network = seeded_network(SPEC, partial(tiny_encoders, SPEC), partial(fusion, SPEC, width=WIDTH), seed=1)
    with_statistics(network, fit_statistics(tiny_items(30), SPEC), CPU)
    return MultimodalEvaluator(CPU, sample_loader(SampleDataset(tiny_items(30)), batch_size=8), network)


def test_calibrating_lowers_the_tuning_loss_and_twice_is_once(tmp_path: Path) -> None:
    late, loss = evaluator(LateFusion), MultitaskLoss(SPEC.tasks)
    write_model(tmp_path, late.network, SPEC)
    output, targets = late.outputs()
    plain = float(loss(output, targets))
    record = calibrate_late_fusion(late, loss, SPEC, tmp_path)
    assert record["tuning_loss"] < plain
    assert float(loss(late.outputs()[0], targets)) == pytest.approx(record["tuning_loss"], rel=1e-4)
    written = (tmp_path / "model.safetensors").read_bytes()
    assert calibrate_late_fusion(evaluator(LateFusion), loss, SPEC, tmp_path) == record
    assert (tmp_path / "model.safetensors").read_bytes() == written
    fusion = load_model(evaluator(LateFusion).network, tmp_path).fusion
    assert record["weight_when_all_present"]["table"] == pytest.approx(float(fusion.score.softmax(0)[1]), rel=1e-4)


def test_only_late_fusion_can_be_calibrated(tmp_path: Path) -> None:
    early = evaluator(EarlyFusion)
    write_model(tmp_path, early.network, SPEC)
    with pytest.raises(InputRejected, match="NOT_LATE_FUSION.*EarlyFusion"):
        calibrate_late_fusion(early, MultitaskLoss(SPEC.tasks), SPEC, tmp_path)
