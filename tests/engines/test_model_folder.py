from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from monai_app.core.errors import InputRejected
from monai_app.engines.averaging import AveragedNetwork
from monai_app.engines.model_folder import load_model, read_spec, write_model
from tests.engines.tiny import SPEC


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    network, other = nn.Linear(2, 2), nn.Linear(2, 2)
    write_model(tmp_path, network, SPEC)
    assert torch.equal(load_model(other, tmp_path).weight, network.weight)
    assert read_spec(tmp_path) == SPEC


def test_shells_do_not_change_the_file(tmp_path: Path) -> None:
    network = nn.Linear(2, 2)
    assert write_model(tmp_path / "a", network, SPEC) == write_model(tmp_path / "b", AveragedNetwork(network), SPEC)


def test_equal_weights_give_equal_files(tmp_path: Path) -> None:
    network = nn.Sequential(*(nn.Linear(2, 2) for _ in range(6)))
    notes = {"epoch": 3, "score": 0.5, "iteration": 9}
    assert write_model(tmp_path / "a", network, SPEC, notes) == write_model(tmp_path / "b", network, SPEC, notes)


def test_another_network_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, nn.Linear(2, 2), SPEC)
    with pytest.raises(InputRejected, match="MODEL_MISFIT"):
        load_model(nn.Linear(3, 2), tmp_path)


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="MODEL_MISSING.*run training"):
        load_model(nn.Linear(2, 2), tmp_path)
    with pytest.raises(InputRejected, match="MODEL_MISSING"):
        read_spec(tmp_path)


def test_one_wrong_bit_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, nn.Linear(2, 2), SPEC)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        load_model(nn.Linear(2, 2), tmp_path)
