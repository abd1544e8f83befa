from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from monai_app.core.errors import InputRejected
from monai_app.engines.volumes.build import datalist_provenance, seeded, split_items
from monai_app.phantom.balls import write_balls


def test_weights_follow_from_the_seed_and_leave_the_generator_alone() -> None:
    before = torch.get_rng_state()
    one, same, other = (seeded(lambda: nn.Linear(3, 3), seed=seed).weight for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_items_may_be_few_and_need_labels_unless_told(tmp_path: Path) -> None:
    path = write_balls(tmp_path, volumes=(3, 1, 1))
    assert len(split_items(str(path), "train", limit=2)) == 2
    sections = json.loads(path.read_text())
    del sections["test"][0]["label"]
    path.write_text(json.dumps(sections))
    assert len(split_items(str(path), "held_out", needs_labels=False)) == 1
    with pytest.raises(InputRejected, match="LABEL_MISSING"):
        split_items(str(path), "held_out")


def test_provenance_changes_with_a_label_map(tmp_path: Path) -> None:
    path = write_balls(tmp_path)
    before = datalist_provenance(str(path))
    (tmp_path / "labels" / "000.nii.gz").write_bytes(b"other")
    assert datalist_provenance(str(path))["labels"] != before["labels"]
    assert datalist_provenance(str(path))["datalist"] == before["datalist"]
