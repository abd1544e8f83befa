"""Tuning takes the alpha and beta of the least validation loss, once, and only for DRAF."""

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
from monai_app.engines.model_folder import load_model, write_model
from monai_app.engines.reliability import corrupted, tune_reliability
from monai_app.losses import MultitaskLoss
from monai_app.networks import DRAF, EarlyFusion
from monai_app.transforms.corruption.rand_corruption import RandCorruptiond
from tests.engines.tiny import SPEC, WIDTH, tiny_encoders, tiny_items

CPU = torch.device("cpu")


def evaluator(fusion: type) -> MultimodalEvaluator:
    network = seeded_network(SPEC, partial(tiny_encoders, SPEC), partial(fusion, SPEC, width=WIDTH), seed=1)
    with_statistics(network, fit_statistics(tiny_items(30), SPEC), CPU)
    return MultimodalEvaluator(CPU, sample_loader(SampleDataset(tiny_items(30)), batch_size=8), network)


@pytest.fixture
def corruption() -> RandCorruptiond:
    return RandCorruptiond(["series", "table"], 0.8, SPEC, statistics=fit_statistics(tiny_items(30), SPEC))


def test_the_least_loss_wins_and_twice_is_once(tmp_path: Path, corruption: RandCorruptiond) -> None:
    first, loss = evaluator(DRAF), MultitaskLoss(SPEC.tasks)
    write_model(tmp_path, first.network, SPEC)
    record = tune_reliability(first, corruption, loss, SPEC, tmp_path)
    losses = {(entry["alpha"], entry["beta"]): entry["loss"] for entry in record["tuning_loss"]}
    assert losses[record["alpha"], record["beta"]] == min(losses.values())
    assert len(set(losses.values())) > 1
    written = (tmp_path / "model.safetensors").read_bytes()
    assert tune_reliability(evaluator(DRAF), corruption, loss, SPEC, tmp_path) == record
    assert (tmp_path / "model.safetensors").read_bytes() == written
    fusion = load_model(evaluator(DRAF).network, tmp_path).fusion
    assert (float(fusion.alpha), float(fusion.beta)) == (record["alpha"], record["beta"])


def test_the_recorded_loss_is_that_of_the_written_model(tmp_path: Path, corruption: RandCorruptiond) -> None:
    tuned, loss = evaluator(DRAF), MultitaskLoss(SPEC.tasks)
    write_model(tmp_path, tuned.network, SPEC)
    record = tune_reliability(tuned, corruption, loss, SPEC, tmp_path)
    said = [tuned.outputs(), corrupted(tuned, corruption).outputs()]
    reached = sum(float(loss(output, targets)) for output, targets in said) / 2
    assert reached == pytest.approx(min(entry["loss"] for entry in record["tuning_loss"]), rel=1e-4)


def test_corruption_is_a_function_of_the_row_and_changes_what_is_said(corruption: RandCorruptiond) -> None:
    spoiled = corrupted(evaluator(DRAF), corruption)
    first, again = spoiled.outputs(), spoiled.outputs()
    assert torch.equal(first[0].logits["death"], again[0].logits["death"])
    assert not torch.equal(first[0].logits["death"], evaluator(DRAF).outputs()[0].logits["death"])
    assert 0 < float(first[1]["series_corrupted"].mean()) < 1


def test_only_draf_has_a_reliability(tmp_path: Path, corruption: RandCorruptiond) -> None:
    early = evaluator(EarlyFusion)
    write_model(tmp_path, early.network, SPEC)
    with pytest.raises(InputRejected, match="NOT_DRAF.*EarlyFusion"):
        tune_reliability(early, corruption, MultitaskLoss(SPEC.tasks), SPEC, tmp_path)
