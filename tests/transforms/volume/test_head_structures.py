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
    head_synthesis,
    structure_names,
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


def test_synthetic_head_shows_both_sides_alike_and_can_be_merged() -> None:
    labels = torch.zeros(1, 24, 24, 24, dtype=torch.int16)
    labels[:, 2:12, 4:20, 4:20], labels[:, 12:22, 4:20, 4:20] = 2, 41
    sample = head_synthesis().set_random_state(seed=0)({"label": MetaTensor(labels, affine=2 * torch.eye(4))})
    assert set(sample) == {"image", "label"}  # the record would not fit into a batch
    image, moved = sample["image"].as_tensor(), sample["label"].as_tensor()
    left, right = image[moved == 2].median(), image[moved == 41].median()
    assert abs(left - right) < 0.35 and MergeHeadLabelsd("label")(sample)["label"].max() == 1


def test_network_has_a_class_for_every_structure() -> None:
    assert structure_names() == list(HEAD_STRUCTURES)[1:] and len(structure_names()) == 10
