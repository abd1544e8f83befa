"""Batches hold plain tensors and nobody's identity; a rejected sample rejects its batch, typed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_app.core.errors import InputRejected
from monai_app.engines.batches import REJECTED, ROW, collate_samples, prepare_multimodal_batch


def sample(row: int) -> dict[str, Any]:
    return {
        "film": MetaTensor(torch.full((1, 2, 2), float(row))),
        "film_present": row % 2 == 0,
        "label_death": np.array([float(row)], np.float32),
        ROW: row,
        "subject_id": 1000 + row,
        "group_sex": "F",
        "film_view": "AP",
    }


def test_samples_are_stacked_without_identifiers_groups_and_metadata() -> None:
    batch = collate_samples([sample(0), sample(1)])
    assert set(batch) == {"film", "film_present", "label_death", ROW}
    assert type(batch["film"]) is torch.Tensor and batch["film"].shape == (2, 1, 2, 2)
    assert batch["film_present"].dtype == torch.bool and batch["label_death"].tolist() == [[0], [1]]


def test_inputs_and_targets_are_told_apart() -> None:
    inputs, targets = prepare_multimodal_batch(collate_samples([sample(0)]), "cpu")
    assert set(inputs) == {"film", "film_present"} and set(targets) == {"film_present", "label_death"}


def test_rejected_sample_is_raised_where_it_can_be_handled() -> None:
    error = InputRejected("NO_CONTENT", "the film shows nothing")
    batch = collate_samples([sample(0), {REJECTED: error}])
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        prepare_multimodal_batch(batch)
