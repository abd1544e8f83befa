"""Observing a split: each modality's rows are those that have it, whatever the batches and the absent bytes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from monai_app.cohort.spec import Modality
from monai_app.engines import observation
from monai_app.engines.averaging import AveragedNetwork
from monai_app.engines.build import seeded_network
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.observation import Observer, observe
from monai_app.networks import AttentionFusion, MultimodalNetwork
from tests.engines.tiny import SPEC, WIDTH, tiny_encoders, tiny_items


def network() -> MultimodalNetwork:
    fusion = partial(AttentionFusion, SPEC, width=WIDTH, depth=1, heads=2)
    return seeded_network(SPEC, partial(tiny_encoders, SPEC), fusion)


def loader(items: list[dict[str, Any]], batch_size: int = 5) -> Any:
    return sample_loader(SampleDataset(items), batch_size=batch_size)


def test_rows_are_those_that_have_the_modality() -> None:
    items = tiny_items(12)
    sights = observe(network(), loader(items))
    assert list(sights) == [name.value for name in Modality if name.value != "film"]
    for name, sight in sights.items():
        assert sight.present.tolist() == [item[f"{name}_present"] for item in items]
        assert len(sight.tokens) == len(sight.inputs) == sight.present.sum()
    assert sights["table"].tokens.shape == (12, WIDTH) and sights["note"].inputs.shape[1] == 5


def test_batches_and_absent_bytes_change_nothing() -> None:
    items, junk = tiny_items(12), tiny_items(12)
    for item in junk:
        if not item["series_present"]:
            item["series"] = np.full_like(item["series"], np.nan)
    first, second = observe(network(), loader(items, 1)), observe(network(), loader(junk, 12))
    for name, sight in first.items():
        np.testing.assert_allclose(second[name].tokens, sight.tokens, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(second[name].inputs, sight.inputs)


def test_modality_that_no_sample_has_is_empty() -> None:
    items = [{**item, "note_present": False} for item in tiny_items(4)]
    assert len(observe(network(), loader(items))["note"].tokens) == 0


def test_token_that_is_no_number_is_infinite() -> None:
    broken = network()
    with torch.no_grad():
        next(broken.encoders["table"].parameters()).fill_(torch.nan)
    assert np.isinf(observe(broken, loader(tiny_items(3)))["table"].tokens).all()


def test_other_splits_are_read_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def items(folder: str | Path, split: str, spec: Any) -> list[dict[str, Any]]:
        asked.append((folder, split))
        return tiny_items(7)

    monkeypatch.setattr(observation, "model_items", items)
    average = AveragedNetwork(network(), decay=0.9)
    watcher = Observer(MultimodalEvaluator(torch.device("cpu"), loader(tiny_items(3)), average), "cohort", SPEC)
    assert len(watcher.samples()["table"].tokens) == 3 and not asked
    assert len(watcher.split("train")["table"].tokens) == 7 and asked == [("cohort", "train")]
