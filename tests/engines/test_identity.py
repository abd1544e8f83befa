from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.transforms import Compose
from torch import nn

from monai_app.cohort.tokenizer import NoteTokenizer
from monai_app.engines import identity as module
from monai_app.engines.identity import code_identity, identity
from monai_app.transforms.clahe import CLAHEd
from monai_app.transforms.modality_dropout import RandModalityDropoutd
from monai_app.transforms.note import TokeniseNoted


def network(dropout: float = 0.1, width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(2, width), nn.Dropout(dropout), nn.BatchNorm1d(width))


def test_weights_mode_and_batch_statistics_are_not_configuration() -> None:
    net = network()
    before = identity(net)
    nn.init.ones_(net[0].weight)
    net(torch.ones(4, 2))
    assert identity(net.eval()) == before == identity(network())


@pytest.mark.parametrize("other", [network(dropout=0.2), network(width=4), nn.Sequential(*network(), nn.ReLU())])
def test_settings_shapes_and_parts_are(other: nn.Module) -> None:
    assert identity(other) != identity(network())


def test_a_transform_is_known_by_its_settings_not_by_its_use() -> None:
    chain = Compose([RandModalityDropoutd(["film"], 0.3)])
    before = identity(chain)
    chain.set_random_state(seed=5)
    chain({"film_present": True})
    assert identity(chain) == before != identity(Compose([RandModalityDropoutd(["film"], 0.4)]))


def test_a_tokenizer_is_known_by_its_vocabulary() -> None:
    def chain(note: str) -> Any:
        return TokeniseNoted("note", NoteTokenizer.fit([note], vocabulary_size=40), 8)

    assert identity(chain("fever and cough")) == identity(chain("fever and cough")) != identity(chain("no fever"))


def test_optimisers_functions_and_partials() -> None:
    def optimiser(decay: float) -> torch.optim.Optimizer:
        return torch.optim.AdamW(network().parameters(), weight_decay=decay)

    assert identity(optimiser(0.1)) == identity(optimiser(0.1)) != identity(optimiser(0.2))
    assert identity(partial(np.mean, axis=0)) != identity(partial(np.mean, axis=1))


def test_changed_code_changes_the_code_identity_only(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Compose([CLAHEd("film")])
    plain, code = identity(chain), code_identity(chain)
    read: list[str] = []
    monkeypatch.setattr(module, "sha256_file", lambda path: read.append(Path(path).name) or "other")
    assert code_identity(chain) != code and identity(chain) == plain
    assert "clahe.py" in read
