"""Structures of a head: every label belongs to one, both sides alike, and strangers are refused."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from monai_app.core.errors import InputRejected
from monai_app.transforms.volume.head_structures import (
    FREESURFER_LABELS,
    HEAD_STRUCTURES,
    LEFT_OF_RIGHT,
    MergeHeadLabelsd,
)

STRUCTURE_OF = {label: name for name, labels in HEAD_STRUCTURES.items() for label in labels}


def merged(*labels: int) -> MetaTensor:
    given = MetaTensor(torch.tensor(labels, dtype=torch.int16).reshape(1, -1, 1, 1), affine=2 * torch.eye(4))
    return MergeHeadLabelsd("label")({"label": given})["label"]


def test_no_label_belongs_to_two_structures() -> None:
    assert len(STRUCTURE_OF) == len(FREESURFER_LABELS)


def test_both_sides_belong_to_one_structure() -> None:
    assert all(STRUCTURE_OF[right] == STRUCTURE_OF[left] for right, left in LEFT_OF_RIGHT.items())


def test_labels_become_the_number_of_their_structure() -> None:
    result = merged(0, 515, 41, 3, 163, 24, 8, 49, 58, 54, 28, 16)
    assert result.dtype == torch.uint8 and result.flatten().tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert torch.equal(result.affine, 2 * torch.eye(4, dtype=torch.float64))


@pytest.mark.parametrize("label", [1, 999, 600, -1])
def test_unknown_label_is_refused(label: int) -> None:
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN"):
        merged(0, label)
