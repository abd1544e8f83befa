"""The newest readable checkpoint wins; damaged ones are passed over and removed, and two are kept."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.engines.checkpoints import KEPT, CheckpointFolder


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    made = CheckpointFolder(tmp_path / "checkpoints")
    for iteration in (5, 10, 115):
        made.save(iteration, {"iteration": iteration, "w": torch.full((300,), float(iteration))})
    return made


def test_nothing_saved_is_nothing_to_resume(tmp_path: Path) -> None:
    assert CheckpointFolder(tmp_path / "none").newest() is None


def test_only_the_newest_are_kept(folder: CheckpointFolder) -> None:
    assert [int(file.stem) for file in folder.files()] == [10, 115] and len(folder.files()) == KEPT


@pytest.mark.parametrize("damage", ["empty", "cut", "zeroed", "one bit"])
def test_damaged_newest_falls_back_and_says_so(
    folder: CheckpointFolder, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = folder.files()[-1]
    whole = file.read_bytes()
    at = whole.index(torch.full((2,), 115.0).numpy().tobytes())
    flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    half = len(whole) // 2
    file.write_bytes({"empty": b"", "cut": whole[:half], "zeroed": bytes(len(whole)), "one bit": flipped}[damage])
    with caplog.at_level(logging.WARNING):
        state = folder.newest()
    assert state is not None and state["iteration"] == 10
    assert "iteration 115 is damaged" in caplog.text
    assert [int(left.stem) for left in folder.files()] == [10]


def test_all_damaged_is_refused_and_nothing_removed(folder: CheckpointFolder) -> None:
    for file in folder.files():
        file.write_bytes(b"")
    with pytest.raises(InputRejected, match=r"CHECKPOINTS_UNREADABLE.*2 damaged"):
        folder.newest()
    assert len(folder.files()) == 2


def test_what_a_killed_write_left_is_removed(folder: CheckpointFolder) -> None:
    (folder.path / ".0123.pt").write_bytes(b"half")
    state = folder.newest()
    assert state is not None and state["iteration"] == 115
    assert not list(folder.path.glob(".*.pt"))
