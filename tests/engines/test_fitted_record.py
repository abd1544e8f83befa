"""Records beside a model: read back for the same weights, not for others, refused when damaged."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.loading import write_checked_text
from monai_app.engines.fitted_record import FittedRecord, model_files


class Note(FittedRecord):
    file_name: ClassVar[str] = "posthoc.json"
    value: float


def model(folder: Path, text: str = "weights") -> Path:
    write_checked_text(folder / "model.safetensors", text)
    write_checked_text(folder / "trees" / "death" / "0.txt", "tree")
    return folder


def test_record_is_read_back_exactly(tmp_path: Path) -> None:
    made = Note(model_files=model_files(model(tmp_path)), value=0.1 + 0.2)
    made.write(tmp_path)
    assert Note.stored(tmp_path) == made


def test_own_record_is_no_part_of_the_model(tmp_path: Path) -> None:
    before = model_files(model(tmp_path))
    Note(model_files=before, value=1).write(tmp_path)
    write_checked_text(tmp_path / "novelty.safetensors", "Gaussians")
    assert model_files(tmp_path) == before and set(before) == {"model.safetensors", "trees/death/0.txt"}


@pytest.mark.parametrize("changed", ["model.safetensors", "trees/death/0.txt", "ensemble.json"])
def test_record_of_other_weights_is_not_taken(tmp_path: Path, changed: str) -> None:
    Note(model_files=model_files(model(tmp_path)), value=1).write(tmp_path)
    write_checked_text(tmp_path / changed, "another")
    assert Note.stored(tmp_path) is None


def test_damaged_record_is_refused(tmp_path: Path) -> None:
    Note(model_files=model_files(model(tmp_path)), value=1).write(tmp_path)
    (tmp_path / "posthoc.json").write_text("{}")
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        Note.stored(tmp_path)


def test_no_record_and_no_model(tmp_path: Path) -> None:
    assert Note.stored(tmp_path) is None
    with pytest.raises(InputRejected, match="MODEL_MISSING"):
        model_files(tmp_path)
