"""Tuning takes the alpha and beta of the least validation loss, once, and only for DRAF."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from monai_app.cohort.normalisation import fit_statistics
from monai_app.core.errors import InputRejected
from monai_app.engines.build import seeded_network, with_statistics
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.model_folder import load_model, write_model
from monai_app.engines.reliability import tune_reliability
from monai_app.losses import MultitaskLoss
from monai_app.networks import DRAF, EarlyFusion
from tests.engines.tiny import SPEC, WIDTH, tiny_encoders, tiny_items

CPU = torch.device("cpu")


def evaluators(fusion: type) -> list[MultimodalEvaluator]:
    network = seeded_network(SPEC, partial(tiny_encoders, SPEC), partial(fusion, SPEC, width=WIDTH), seed=1)
    with_statistics(network, fit_statistics(tiny_items(30), SPEC), CPU)
    sets: list[Any] = [tiny_items(30), tiny_items(30)]
    generator = np.random.default_rng(0)
    for item in sets[1]:
        item["series"][0] += generator.normal(scale=20, size=item["series"][0].shape)
    return [
        MultimodalEvaluator(CPU, sample_loader(SampleDataset(items), batch_size=8), network, val_handlers=[])
        for items in sets
    ]


def test_the_least_loss_wins_and_twice_is_once(tmp_path: Path) -> None:
    pair, loss = evaluators(DRAF), MultitaskLoss(SPEC.tasks)
    write_model(tmp_path, pair[0].network, SPEC)
    record = tune_reliability(pair, loss, SPEC, tmp_path)
    losses = {(entry["alpha"], entry["beta"]): entry["loss"] for entry in record["tuning_loss"]}
    assert losses[record["alpha"], record["beta"]] == min(losses.values())
    assert len(set(losses.values())) > 1
    written = (tmp_path / "model.safetensors").read_bytes()
    assert tune_reliability(evaluators(DRAF), loss, SPEC, tmp_path) == record
    assert (tmp_path / "model.safetensors").read_bytes() == written
    fusion = load_model(evaluators(DRAF)[0].network, tmp_path).fusion
    assert (float(fusion.alpha), float(fusion.beta)) == (record["alpha"], record["beta"])


def test_the_recorded_loss_is_that_of_the_written_model(tmp_path: Path) -> None:
    pair, loss = evaluators(DRAF), MultitaskLoss(SPEC.tasks)
    write_model(tmp_path, pair[0].network, SPEC)
    record = tune_reliability(pair, loss, SPEC, tmp_path)
    reached = [float(loss(output, targets)) for output, targets in (evaluator.outputs() for evaluator in pair)]
    assert sum(reached) / 2 == pytest.approx(min(entry["loss"] for entry in record["tuning_loss"]), rel=1e-4)


def test_only_draf_has_a_reliability(tmp_path: Path) -> None:
    early = evaluators(EarlyFusion)
    write_model(tmp_path, early[0].network, SPEC)
    with pytest.raises(InputRejected, match="NOT_DRAF.*EarlyFusion"):
        tune_reliability(early, MultitaskLoss(SPEC.tasks), SPEC, tmp_path)
