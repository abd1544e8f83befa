from __future__ import annotations

import pytest
import torch

from monai_app.losses.segmentation import SegmentationLoss


def logits(labels: torch.Tensor, classes: int, sure: float) -> torch.Tensor:
    return sure * torch.nn.functional.one_hot(labels[:, 0], classes).movedim(-1, 1).float()


LABELS = torch.randint(0, 3, (2, 1, 6, 6, 6), generator=torch.Generator().manual_seed(0))


def test_right_and_sure_is_better_than_right_and_unsure_than_wrong() -> None:
    loss = SegmentationLoss()
    sure, unsure = loss(logits(LABELS, 3, 20), LABELS), loss(logits(LABELS, 3, 2), LABELS)
    wrong = loss(logits((LABELS + 1) % 3, 3, 20), LABELS)
    assert sure < 0.01 < unsure < wrong


def test_equal_heads_count_like_one() -> None:
    one = logits(LABELS, 3, 2)
    assert torch.isclose(SegmentationLoss()(torch.stack([one, one, one], 1), LABELS), SegmentationLoss()(one, LABELS))


def test_the_first_head_counts_most() -> None:
    good, bad = logits(LABELS, 3, 20), logits((LABELS + 1) % 3, 3, 20)
    loss = SegmentationLoss()
    assert loss(torch.stack([good, bad], 1), LABELS) < loss(torch.stack([bad, good], 1), LABELS)


def test_whole_numbers_and_floats_are_labels_alike() -> None:
    one = logits(LABELS, 3, 2)
    assert torch.equal(SegmentationLoss()(one, LABELS.to(torch.uint8)), SegmentationLoss()(one, LABELS.float()))


def test_another_grid_is_refused_with_both_shapes() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3, 6, 6, 6\) and \(2, 1, 5, 6, 6\)"):
        SegmentationLoss()(logits(LABELS, 3, 1), LABELS[:, :, :5])
